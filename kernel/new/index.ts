export { newNotebook } from "./command.js";
