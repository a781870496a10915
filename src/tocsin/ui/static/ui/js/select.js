// <label data-select-all="#form" hidden>: one box that ticks all of the form's. Without JavaScript it is not there.

export function startSelect() {
  for (const label of document.querySelectorAll("[data-select-all]")) {
    const all = label.querySelector("input");
    const form = document.querySelector(label.dataset.selectAll);
    if (!all || !form) continue;
    const boxes = () => [...form.querySelectorAll('input[type="checkbox"][name]')];
    label.hidden = false;
    all.addEventListener("change", () => boxes().forEach((box) => { box.checked = all.checked; }));
    form.addEventListener("change", () => {
      const ticked = boxes().filter((box) => box.checked).length;
      all.checked = ticked > 0 && ticked === boxes().length;
      all.indeterminate = ticked > 0 && ticked < boxes().length;
    });
  }
}
