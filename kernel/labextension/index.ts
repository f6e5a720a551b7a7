export { labextensionName, removeLabextension, writeLabextension } from "./files.js";
