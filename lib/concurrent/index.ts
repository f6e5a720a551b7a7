export { ConcurrentTask } from "./concurrent-task.js";
