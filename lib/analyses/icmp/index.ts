export { icmpErrors } from "./errors.js";
export { leastHops, maxHops } from "./hops.js";
export { pingSummary } from "./ping-summary.js";
export { pings } from "./pings.js";
export { icmpRules } from "./rules.js";
export { traceroutes } from "./traceroutes.js";
