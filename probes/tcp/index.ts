export { tcpConnectEvents } from "./connect-events.js";
export { tcpConnectSummary } from "./connect-summary.js";
export { tcpEvents } from "./events.js";
export { tcpFlightSummary } from "./flight-summary.js";
export { readLatencySummary } from "./read-latency.js";
export { recvSummary } from "./recv-summary.js";
export { tcpRttSummary } from "./rtt-summary.js";
