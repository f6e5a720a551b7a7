export { badParameters } from "./bad-parameters.js";
