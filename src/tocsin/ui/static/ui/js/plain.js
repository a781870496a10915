import { startConfirm } from "./confirm.js";
import { startCopy } from "./copy.js";
import { startTimes } from "./times.js";

startTimes();
startCopy();
startConfirm();

// <select data-zone>: the browser knows where it is; the person can still choose
for (const select of document.querySelectorAll("select[data-zone]")) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (select.value === "UTC" && [...select.options].some((option) => option.value === here)) select.value = here;
}
