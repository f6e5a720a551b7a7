export { lab } from "./command.js";
export { type Environment, environmentWith } from "./environment.js";
export { isNewEnough, labOnPath } from "./jupyter.js";
export { findPython } from "./python.js";
