// A button that is pressed twice sends its form once: two silences that look like one would each have to be ended.
const FREE_AFTER = 10_000; // milliseconds: whoever stopped the page from loading can send it again

export function startOnce() {
  const sent = new Map(); // form → the timer that frees it
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post") return; // somebody else sends it, or asks first
    if (sent.has(form)) return event.preventDefault();
    sent.set(form, setTimeout(() => sent.delete(form), FREE_AFTER));
  });
  addEventListener("pageshow", () => sent.clear()); // by “back”, the page is as it was left
}
