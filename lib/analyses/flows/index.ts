export { flows } from "./flows.js";
