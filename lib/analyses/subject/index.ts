export { type Doubt, doubtsAbout } from "./doubts.js";
export { callOf, callOn, endsOf, many, manyAre, type Subject, share, took } from "./subject.js";
