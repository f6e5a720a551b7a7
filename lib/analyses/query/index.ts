export { standsForMany } from "./addresses.js";
export { among } from "./among.js";
export { count, duration, ends, flag, flow, frame, sender, start, time, word } from "./columns.js";
export { dnsMessages } from "./dns-messages.js";
export { behindNs, disorderNs, elapsed, paired } from "./pairing.js";
export { runningCount } from "./running-count.js";
