export { type Environment, environmentWith } from "./environment.js";
