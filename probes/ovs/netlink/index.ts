export { requestColumns, requestPlace, requestValues } from "./request.js";
