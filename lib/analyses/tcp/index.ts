import "./register-segments.js";

export { type BurstOptions, retransmissionBursts } from "./bursts.js";
export { duplicateAcks } from "./duplicate-acks.js";
export { tcpEndings } from "./endings.js";
export { tcpGaps } from "./gaps.js";
export { tcpHandshakes } from "./handshakes.js";
export { tcpHealth } from "./health.js";
export { retransmissions } from "./retransmissions.js";
export { rttSamples } from "./rtt.js";
export { tcpRules } from "./rules/index.js";
export { selectiveAcks } from "./sacks.js";
export { tcpSegments } from "./segments.js";
export { aheadOf, missedOf, sequencesOf } from "./sequence/index.js";
export { type ThroughputOptions, tcpThroughput } from "./throughput.js";
export { tcpTurns } from "./turns.js";
export { tcpWaits } from "./waits.js";
export { zeroWindows } from "./zero-windows.js";
