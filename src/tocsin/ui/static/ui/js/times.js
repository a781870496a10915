// Keeps “4 min ago” true while the page stays open. The same words as ui/times.py.

const MINUTE = 60, HOUR = 3600, DAY = 86400, FAR = 30 * DAY;

const two = (large, largeUnit, small, smallUnit) =>
  small ? `${large} ${largeUnit} ${small} ${smallUnit}` : `${large} ${largeUnit}`;

export function span(seconds) {
  const s = Math.floor(Math.abs(seconds));
  if (s < MINUTE) return `${s} s`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < DAY) return two(Math.floor(s / HOUR), "h", Math.floor((s % HOUR) / MINUTE), "min");
  return two(Math.floor(s / DAY), "d", Math.floor((s % DAY) / HOUR), "h");
}

function refresh() {
  const now = Date.now();
  for (const element of document.querySelectorAll('time[data-time="ago"]')) {
    const seconds = (now - Date.parse(element.dateTime)) / 1000;
    if (Math.abs(seconds) >= FAR) continue;
    const text = Math.abs(seconds) < 5 ? "now" : seconds > 0 ? `${span(seconds)} ago` : `in ${span(seconds)}`;
    if (element.textContent !== text) element.textContent = text;
  }
}

export function startTimes() {
  setInterval(refresh, 10_000);
  document.addEventListener("visibilitychange", refresh);
}
