export { httpRequests, tlsHandshakes } from "./applications/index.js";
export { dnsQueries, dnsServers } from "./dns/index.js";
export { type CaptureRule, type FindingsOptions, findings } from "./findings/index.js";
export { flows } from "./flows/index.js";
export { icmpErrors, pingSummary, pings, traceroutes } from "./icmp/index.js";
export {
  type BandwidthOptions,
  type SocketFilter,
  type SocketLimit,
  SocketPipeline,
  type SocketPipelineOptions,
  type SocketRule,
  SocketSummary,
  type SocketSummaryOptions,
  socketBuffers,
  socketPipeline,
  socketRates,
  socketRetransmissions,
  socketSummary,
  socketWindows,
} from "./sockets/index.js";
export {
  fragmentedPackets,
  frameSizes,
  hopLimits,
  overview,
  protocolStatistics,
  quality,
  type TrafficOptions,
  talkers,
  traffic,
} from "./summary/index.js";
export {
  type BurstOptions,
  duplicateAcks,
  retransmissionBursts,
  retransmissions,
  rttSamples,
  selectiveAcks,
  type ThroughputOptions,
  tcpEndings,
  tcpGaps,
  tcpHandshakes,
  tcpHealth,
  tcpSegments,
  tcpThroughput,
  tcpTurns,
  tcpWaits,
  zeroWindows,
} from "./tcp/index.js";
export { datagramSequences, dhcpExchanges } from "./udp/index.js";
