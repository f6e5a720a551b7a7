export { columnsOfPackets, packetColumnsOf, packets } from "./packets.js";
