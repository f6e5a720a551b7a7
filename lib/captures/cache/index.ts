export { keepAnswer, keptAnswer } from "./answers.js";
export { cachedTable, openWorkplace, type Workplace } from "./entries.js";
export { cacheKey } from "./key.js";
