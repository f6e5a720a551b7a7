export { type EchoMeshOptions, echoMesh } from "./mesh.js";
export { echoSummary } from "./summary.js";
export { echoTrace } from "./trace.js";
