// One stream of what changes on the server. `changed` refreshes what is on the page, `ring` is for ring.js.
//
// Parts of a page refresh in one of two ways:
//   <div data-live="groups" data-live-url="…">        fetched here, with HX-Request, when one of its topics changed
//   <div hx-get="…" hx-trigger="changed from:body">   fetched by htmx on every change

const SIGN_AFTER = 3000;
const RETRY_AFTER = 3000;
const NAMES = ["changed", "ring"];

export function startLive() {
  const url = document.body.dataset.liveStream;
  if (!url || !("EventSource" in window)) return null;
  const stream = new Stream(url);
  stream.addEventListener("changed", (event) => changed(topicsOf(event.data)));
  showState(stream);
  addEventListener("pagehide", () => stream.close());
  // a page that comes back from the back/forward cache has lost its stream and missed what happened
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  return stream;
}

// An EventSource gives up for good on an answer that is not 200, as a restarting server gives: this one does not.
class Stream extends EventTarget {
  constructor(url) {
    super();
    this.url = url;
    this.connect();
  }

  connect() {
    const source = this.source = new EventSource(this.url);
    for (const name of NAMES) source.addEventListener(name, (event) => this.pass(name, event));
    source.addEventListener("open", () => this.pass("open"));
    source.addEventListener("error", () => {
      this.pass("error");
      if (source.readyState === EventSource.CLOSED) this.timer = setTimeout(() => this.connect(), RETRY_AFTER);
    });
  }

  pass(name, event) { this.dispatchEvent(new MessageEvent(name, { data: event?.data })); }

  close() {
    clearTimeout(this.timer);
    this.source.close();
  }
}

function topicsOf(data) {
  try {
    const read = JSON.parse(data);
    return Array.isArray(read) ? read : read.topics || [];
  } catch {
    return (data || "").split(/[\s,]+/).filter(Boolean);
  }
}

function changed(topics) {
  document.body.dispatchEvent(new CustomEvent("changed", { detail: { topics } }));
  for (const part of document.querySelectorAll("[data-live][data-live-url]")) {
    const wanted = part.dataset.live.split(/\s+/);
    const concerns = !topics.length || topics.includes("*") || wanted.some((topic) => topics.includes(topic));
    if (concerns && !part.hasAttribute("hx-get")) refresh(part);
  }
}

const under = new WeakMap(); // parts that are being refreshed → whether something has changed since they were asked for

async function refresh(part) {
  if (under.has(part)) {
    under.set(part, true);
    return;
  }
  try {
    do await once(part); while (under.get(part) && part.isConnected);
  } catch {
    // offline: the stream says so, and brings the change again when it is back
  } finally {
    under.delete(part);
  }
}

async function once(part) {
  under.set(part, true);
  await untilFree(part);
  under.set(part, false); // what changes from here on may not be in the answer
  const answer = await fetch(part.dataset.liveUrl, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return;
  const html = await answer.text();
  await untilFree(part);
  if (part.isConnected) swap(part, html);
}

// Never under the fingers of somebody who types, chooses or selects there.
function untilFree(part) {
  const busy = () => {
    const active = document.activeElement;
    return part.contains(active) && active.matches("input:not([type=checkbox]), textarea, select")
      || part.querySelector("dialog[open], :popover-open, input[type=checkbox][name]:checked") !== null;
  };
  return new Promise((resolve) => {
    const look = () => (busy() && part.isConnected ? setTimeout(look, 500) : resolve());
    look();
  });
}

function swap(part, html) {
  const active = part.contains(document.activeElement) ? document.activeElement : null;
  const found = active && selectorOf(active);
  const selected = part.querySelector(".selected");
  const row = selected && selectorOf(selected);
  const open = [...part.querySelectorAll("details[open][id]")].map((details) => details.id);
  part.innerHTML = html;
  if (window.htmx) window.htmx.process(part);
  for (const id of open) part.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  if (row) part.querySelector(row)?.classList.add("selected");
  if (found) part.querySelector(found)?.focus({ preventScroll: true });
}

function selectorOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  for (const name of ["href", "data-href", "name", "data-key"]) {
    if (element.hasAttribute(name)) return `${element.localName}[${name}="${CSS.escape(element.getAttribute(name))}"]`;
  }
  return null;
}

function showState(stream) {
  const sign = document.querySelector("[data-live-state]");
  let late = 0;
  stream.addEventListener("error", () => {
    late ||= setTimeout(() => { sign.hidden = false; }, SIGN_AFTER);
  });
  stream.addEventListener("open", () => {
    clearTimeout(late);
    late = 0;
    if (!sign.hidden) changed([]);  // what happened while it was away
    sign.hidden = true;
  });
}
