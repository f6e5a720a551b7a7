export { type ConversationTimelineOptions, conversationTimeline } from "./conversation-timeline.js";
export { type DropSankeyOptions, dropSankey } from "./drop-sankey.js";
export { type DropsByReasonOptions, dropsByReason } from "./drops-by-reason.js";
export { type DropsBySiteOptions, dropsBySite } from "./drops-by-site.js";
export { type DropsOverTimeOptions, dropsOverTime } from "./drops-over-time.js";
export { Figure, plot } from "./figure.js";
export { type FlameGraphOptions, flameGraph } from "./flame-graph.js";
export { type FlowTimelineOptions, flowTimeline } from "./flow-timeline.js";
export { type IoGraphOptions, ioGraph } from "./io-graph.js";
export { latencyBars } from "./latency-bars.js";
export { type LatencyByCpuOptions, latencyByCpu } from "./latency-by-cpu.js";
export { type LatencyEcdfOptions, latencyEcdf } from "./latency-ecdf.js";
export { type LatencyHeatmapOptions, latencyHeatmap } from "./latency-heatmap.js";
export { type LatencyOverTimeOptions, latencyOverTime } from "./latency-over-time.js";
export { type PacketLadderOptions, packetLadder } from "./packet-ladder.js";
export { type RttOverTimeOptions, rttOverTime } from "./rtt-over-time.js";
export {
  bufferFillOverTime,
  limitsOverTime,
  socketRatesOverTime,
  socketRttOverTime,
  socketWindowsOverTime,
} from "./sockets/index.js";
export type { FigureSpec, Layout, Trace } from "./spec.js";
export { throughputOverTime } from "./throughput-over-time.js";
export { type TimeSequenceOptions, timeSequence } from "./time-sequence.js";
export { type TopologyFigureOptions, topologyFigure } from "./topology-figure.js";
export { type WindowScalingOptions, windowScaling } from "./window-scaling.js";
