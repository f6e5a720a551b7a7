export { checkedFilter, type TrafficFilter } from "./filter.js";
export { type Analysis, type Scope, scopeOf } from "./scope.js";
