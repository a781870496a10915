import { startConfirm } from "./confirm.js";
import { startCopy } from "./copy.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { startRing } from "./ring.js";
import { startSelect } from "./select.js";
import { startTimes } from "./times.js";

startTimes();
startCopy();
startConfirm();
startKeys();
startSelect();
startRing(startLive());
