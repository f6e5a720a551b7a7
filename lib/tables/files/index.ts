export { type FileFormat, type FileOptions, writeRows } from "./write.js";
