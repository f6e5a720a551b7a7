export { packetColumnsOf, packets } from "./packets.js";
