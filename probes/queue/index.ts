export { type QdiscDropsParameters, qdiscDrops } from "./drops.js";
