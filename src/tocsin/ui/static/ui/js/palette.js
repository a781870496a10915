// Ctrl-K: type, arrow keys, Enter. The server says what there is for this person.

let dialog, field, list, state;
let asked = 0;
let timer = 0;

export function startPalette() {
  dialog = document.getElementById("palette");
  if (!dialog) return;
  field = dialog.querySelector("input");
  list = dialog.querySelector("[role=listbox]");
  state = dialog.querySelector("[data-palette-state]");
  for (const button of document.querySelectorAll("[data-palette-open]")) {
    button.hidden = false;
    button.addEventListener("click", open);
  }
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else if (!document.querySelector("dialog[open]")) open();
  });
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(find, 120); });
  field.addEventListener("keydown", onKey);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

function open() {
  field.value = "";
  dialog.showModal();
  field.focus();
  find();
}

async function find() {
  const mine = ++asked;
  try {
    const answer = await fetch(`${dialog.dataset.palette}?q=${encodeURIComponent(field.value)}`, { credentials: "same-origin" });
    if (answer.redirected) return location.reload();  // signed out
    if (!answer.ok) throw new Error(answer.status);
    const { found } = await answer.json();
    if (mine === asked) show(found);
  } catch {
    if (mine === asked) state.textContent = "Tocsin does not answer. Try again in a moment.";
  }
}

function show(found) {
  list.replaceChildren(...found.map(row));
  state.textContent = found.length ? "" : "Nothing is called that.";
  choose(list.firstElementChild);
}

function row({ kind, label, url }, index) {
  const item = document.createElement("li");
  item.id = `palette-${index}`;
  item.setAttribute("role", "option");
  item.dataset.url = url;
  const name = document.createElement("span");
  name.textContent = label;
  const what = document.createElement("span");
  what.className = "muted small";
  what.textContent = kind;
  item.append(name, what);
  item.addEventListener("click", () => go(item));
  return item;
}

const chosen = () => list.querySelector('[aria-selected="true"]');

function choose(item) {
  chosen()?.setAttribute("aria-selected", "false");
  field.setAttribute("aria-activedescendant", item?.id ?? "");
  item?.setAttribute("aria-selected", "true");
  item?.scrollIntoView({ block: "nearest" });
}

function onKey(event) {
  const at = chosen();
  const moves = { ArrowDown: at?.nextElementSibling ?? list.firstElementChild, ArrowUp: at?.previousElementSibling ?? list.lastElementChild };
  if (event.key in moves) { event.preventDefault(); choose(moves[event.key]); }
  if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); enter(); }
}

// Enter may come before the answer to the last letter
async function enter() {
  clearTimeout(timer);
  await find();
  go(chosen());
}

function go(item) {
  if (!item) return;
  dialog.close();
  location.assign(item.dataset.url);
}
