export { acceptSummary } from "./accept-summary.js";
export { readLatencySummary } from "./read-latency.js";
export { recvSummary } from "./recv-summary.js";
export { tcpConnectEvents } from "./tcp-connect-events.js";
export { tcpConnectSummary } from "./tcp-connect-summary.js";
export { tcpEvents } from "./tcp-events.js";
export { tcpFlightSummary } from "./tcp-flight-summary.js";
export { tcpRttSummary } from "./tcp-rtt-summary.js";
