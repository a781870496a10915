// Runs before the page is drawn: a theme pinned on this device must not flash.
(() => {
  const key = "tocsin-theme";
  const pinned = () => {
    try { return localStorage.getItem(key) || ""; } catch { return ""; }
  };
  const show = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
    }
  };
  show(pinned());
  document.addEventListener("DOMContentLoaded", () => show(pinned()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    try { localStorage.setItem(key, button.dataset.themeChoice); } catch { /* private window: this page only */ }
    show(button.dataset.themeChoice);
  });
})();
