export { type Pass, type PassWriter, passOver } from "./passes.js";
