export { icmpErrors } from "./errors.js";
export { pingSummary } from "./ping-summary.js";
export { pings } from "./pings.js";
export { traceroutes } from "./traceroutes.js";
