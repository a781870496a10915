// Keys for lists and pages. Rows: [data-row] (or a.list-item, or a table row with a link). Buttons: [data-key="a"].

const PLACES = { h: "/", a: "/alerts/", o: "/on-call/", s: "/services/", d: "/deliveries/", p: "/profile/", c: "/schedules/" };
const ROWS = "[data-row], main a.list-item, main .list-item:has(a), main tbody tr:has(a)";
let leader = 0;

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (act(event.key)) event.preventDefault();
  });
}

function isTyping(element) {
  return element.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]") ?? false;
}

function act(key) {
  if (leader && Date.now() - leader < 1500) {
    leader = 0;
    if (!PLACES[key]) return false;
    location.assign(PLACES[key]);
    return true;
  }
  if (key === "g") { leader = Date.now(); return true; }
  if (key === "?") { document.getElementById("keys-dialog")?.showModal(); return true; }
  if (key === "/") return focusSearch();
  if (key === "j") return move(1);
  if (key === "k") return move(-1);
  if (key === "x") return press(selected()?.querySelector("input[type=checkbox]"));
  if (key === "Enter") return document.activeElement === document.body && press(linkOf(selected()));
  return "are".includes(key) && press((selected() ?? document).querySelector(`[data-key="${key}"]`));
}

function focusSearch() {
  const field = document.querySelector("main input[type=search], main .filters input[type=text]");
  field?.focus();
  return Boolean(field);
}

const selected = () => document.querySelector(".selected");
const linkOf = (row) => (row?.matches("a") ? row : row?.querySelector("a"));

function press(element) {
  element?.click();
  return Boolean(element);
}

function move(by) {
  const rows = [...document.querySelectorAll(ROWS)];
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.classList.contains("selected"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 && by < 0 ? 0 : at + by))];
  rows.forEach((row) => row.classList.toggle("selected", row === next));
  next.scrollIntoView({ block: "nearest" });
  return true;
}
