// <button data-confirm="Delete …?">: asks in a native dialog before the form goes. Without JavaScript it goes at once.

export function startConfirm() {
  const dialog = document.getElementById("confirm-dialog");
  if (!dialog) return;
  let asked = null;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-confirm]");
    if (!button || button === asked) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    dialog.querySelector("#confirm-text").textContent = button.dataset.confirm;
    dialog.querySelector("[data-confirm-yes]").textContent = button.dataset.confirmYes || button.textContent.trim();
    dialog.returnValue = "no";
    dialog.showModal();
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes") return button.focus();
      asked = button;
      button.click();
      asked = null;
    };
  }, true);
}
