export { KernelClient } from "./client.js";
export { run } from "./command.js";
