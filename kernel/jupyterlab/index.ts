export { jupyterlab } from "./command.js";
export { type Environment, environmentWith } from "./environment.js";
export { isNewEnough, jupyterLabOnPath } from "./jupyter.js";
export { findPython } from "./python.js";
