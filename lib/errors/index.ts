export { type ErrorFacts, reasonOf, SkbookError } from "./error.js";
