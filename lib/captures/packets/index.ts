export { packets } from "./packets.js";
