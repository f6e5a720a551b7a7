export { count, duration, ends, flag, flow, frame, sender, start, time, word } from "./columns.js";
export { checkedFilter, type TrafficFilter } from "./filter.js";
export { runningCount } from "./running.js";
export { type Analysis, type Scope, scopeOf } from "./scope.js";
