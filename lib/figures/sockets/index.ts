export { bufferFillOverTime } from "./buffer-fill.js";
export { limitsOverTime } from "./limits.js";
export { socketRatesOverTime } from "./rates.js";
export { socketRttOverTime } from "./rtt.js";
export { socketWindowsOverTime } from "./windows.js";
