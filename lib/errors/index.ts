export { type ErrorFacts, reasonOf, SkbookError } from "./error.js";
export { isFull, writeFailure } from "./write-failure.js";
