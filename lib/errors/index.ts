export { type ErrorFacts, reasonOf, SkbookError } from "./error.js";
export { writeFailure } from "./write-failure.js";
