// A page for the person at this screen: a dialog with Acknowledge, a tone, the title, and a notification if allowed.

const FIRST_TITLE = document.title;
const EVERY = 2000;
const HUSHED = "tocsin-hushed";
const SETTLES = 700;  // milliseconds in which a key that was meant for the page answers nothing
const TYPED_IN = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit])";

export function startRing(stream) {
  const dialog = document.getElementById("ring-dialog");
  const sound = new Sound();
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => sound.allow(), { capture: true });
  offerNotifications();
  if (!dialog || !stream) return;
  const bell = new Bell(dialog, sound);
  stream.addEventListener("ring", (event) => bell.ring(JSON.parse(event.data)));
}

class Bell {
  constructor(dialog, sound) {
    this.dialog = dialog;
    this.sound = sound;
    this.page = null;
    this.answered = new Set();
    for (const name of ["hush", "open"]) {
      dialog.querySelector(`[data-ring-${name}]`).addEventListener("click", () => this.hush());
    }
    const form = dialog.querySelector("[data-ring-form]");
    form.addEventListener("submit", (event) => this.acknowledge(event));
    form.addEventListener("click", (event) => this.doubt(event));
    dialog.addEventListener("cancel", () => this.hush());
  }

  ring(page) {
    if (!page || !page.id) return this.stop();
    if (this.answered.has(page.id)) return;
    this.page = page;
    this.show(page);
    if (!hushed().includes(page.id)) this.start(page);
  }

  show(page) {
    const part = (name) => this.dialog.querySelector(`[data-ring-${name}]`);
    this.dialog.querySelector("#ring-title").textContent = page.title;
    part("head").textContent = page.kind === "test" ? "This is a test page" : "You are being paged";
    part("severity").textContent = page.severity ? `Severity: ${page.severity}` : "";
    part("more").textContent = page.count > 1 ? `and ${page.count - 1} more waiting for you` : "";
    part("open").href = page.group_url || "/";
    part("form").action = page.ack_url;
    part("mute").hidden = this.sound.isAllowed;
  }

  start(page) {
    if (!this.dialog.open) this.open();
    if (this.timer) return;
    notify(page);
    let turn = 0;
    const strike = () => {
      this.sound.strike();
      document.title = turn++ % 2 ? FIRST_TITLE : `● ${page.title}`;
    };
    strike();
    this.timer = setInterval(strike, EVERY);
  }

  // Over everything; but beside what somebody types: their words go on into their field, and the page stays theirs.
  open() {
    const field = fieldTypedIn();
    this.openedAt = performance.now();
    this.dialog.classList.toggle("beside", Boolean(field));
    if (!field) return this.dialog.showModal();
    const { top, bottom } = field.getBoundingClientRect();
    this.dialog.dataset.at = top + bottom > innerHeight ? "top" : "bottom";
    this.dialog.setAttribute("open", "");  // show() would take the focus
  }

  // An Enter that was on its way to the page when the button came under it is no answer.
  doubt(event) {
    const byKey = event.detail === 0;
    if (byKey && performance.now() - this.openedAt < SETTLES) event.preventDefault();
  }

  hush() {
    if (this.page) rememberHushed(this.page.id);
    this.stop();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    document.title = FIRST_TITLE;
    if (this.dialog.open) this.dialog.close();
  }

  async acknowledge(event) {
    event.preventDefault();
    const form = event.target, page = this.page, button = form.querySelector("button");
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      this.answered.add(page.id);
      const isBeside = this.dialog.classList.contains("beside");
      this.stop();
      if (isBeside) return;  // what is half written stays; the page refreshes by itself
      // where somebody waits for exactly this, the answer is shown there
      if (document.querySelector("[data-ring-stay]")) location.reload();
      else location.assign(page.group_url || location.href);
    } catch {
      // let the browser post it: an error page tells more than a silent button
      form.submit();
    } finally {
      button.disabled = false;
    }
  }
}

// What somebody types into. In a dialog that is search words: nothing to lose, and nothing could lie over it.
function fieldTypedIn() {
  const active = document.activeElement;
  return active?.matches(TYPED_IN) && !active.closest("dialog") ? active : null;
}

// For this tab and its next pages: whoever silenced a page, or went to read it, knows of it.
function hushed() {
  try { return JSON.parse(sessionStorage.getItem(HUSHED) || "[]"); } catch { return []; }
}

function rememberHushed(id) {
  try { sessionStorage.setItem(HUSHED, JSON.stringify([...hushed().slice(-50), id])); } catch { /* this page only */ }
}

class Sound {
  constructor() { this.context = null; }

  get isAllowed() { return this.context?.state === "running"; }

  allow() {
    this.context ||= new AudioContext();
    if (this.context.state === "suspended") this.context.resume();
  }

  // two falling strokes of a bell, loud enough to wake, short enough to stand
  strike() {
    if (!this.isAllowed) return;
    [[0, 880], [0.35, 660]].forEach(([after, pitch]) => this.stroke(this.context.currentTime + after, pitch));
  }

  stroke(at, pitch) {
    const volume = this.context.createGain();
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.4, at + 0.01);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.9);
    volume.connect(this.context.destination);
    for (const [factor, type] of [[1, "triangle"], [2.4, "sine"]]) {
      const tone = new OscillatorNode(this.context, { type, frequency: pitch * factor });
      tone.connect(volume);
      tone.start(at);
      tone.stop(at + 1);
    }
  }
}

function notify(page) {
  if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return;
  const shown = new Notification(page.title, { tag: `tocsin-${page.id}`, requireInteraction: true });
  shown.onclick = () => { focus(); shown.close(); };
}

// <button data-notifications hidden>: shown only where there is something to allow
function offerNotifications() {
  const button = document.querySelector("[data-notifications]");
  if (!button || !("Notification" in window) || Notification.permission !== "default") return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.hidden = (await Notification.requestPermission()) !== "default";
  });
}
