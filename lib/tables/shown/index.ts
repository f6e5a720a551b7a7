// What the kernel and the page have in common: it runs in both, so that nothing here needs Node or a document.
export { type Column, isText, type Value } from "../column.js";
export { compareValues } from "./compare.js";
export { type Condition, conditionHint, conditionOf, meets } from "./condition.js";
export { firstPage } from "./first-page.js";
export { headerTitle, unitLine } from "./header.js";
export { type Arranged, arranged } from "./order.js";
export {
  type Answer,
  type Packed,
  type PackedValue,
  packedValue,
  type Question,
  unpackedValue,
} from "./packed.js";
export { exactValue, type Readable, readable } from "./readable.js";
export { cut, extent, grouped } from "./text.js";
export { utcTime } from "./time.js";
export { isTime } from "./units.js";
