// What authors of probes need, beside what cells call: `import { bpf, defineCounts } from "skbook/probe"`.
export * from "./probes/index.js";
export { type Column, unixNanoseconds, type Value } from "./tables/index.js";
