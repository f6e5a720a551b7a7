export { qdiscDrops } from "./drops.js";
