// <button data-copy="#id">: copies the text or the value of that element and says so.

export function startCopy() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    const source = button && document.querySelector(button.dataset.copy);
    if (!source) return;
    const said = (await copy(source)) ? "Copied" : "Selected: press Ctrl-C";
    const before = button.innerHTML;
    button.textContent = said;
    button.classList.add("copied");
    setTimeout(() => { button.innerHTML = before; button.classList.remove("copied"); }, 2000);
  });
}

async function copy(source) {
  const text = "value" in source ? source.value : source.textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // no clipboard outside https: leave it selected for the person to copy
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    return false;
  }
}
