import { startConfirm } from "./confirm.js";
import { startCopy } from "./copy.js";
import { startTimes } from "./times.js";

startTimes();
startCopy();
startConfirm();
