import { startConfirm } from "./confirm.js";
import { startCopy } from "./copy.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { startOnce } from "./once.js";
import { startPalette } from "./palette.js";
import { startRing } from "./ring.js";
import { startSelect } from "./select.js";
import { startTimes } from "./times.js";

startTimes();
startCopy();
startConfirm();
startKeys();
startOnce();
startPalette();
startSelect();
startRing(startLive());

// installable; what it may later do is push
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/worker.js").catch(() => {});
