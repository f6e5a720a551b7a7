export { WireOrStack, type WireOrStackOptions, wireOrStack } from "./wire-or-stack.js";
