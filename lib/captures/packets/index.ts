export { dissect } from "./dissect.js";
export { columnsOfPackets, packetColumnsOf, packets } from "./packets.js";
export { integer, type PacketColumn, text } from "./readers.js";
export { packetSettings } from "./tshark.js";
export type { Wanted } from "./wanted.js";
