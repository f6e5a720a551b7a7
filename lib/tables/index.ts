export { chunkRows } from "./appender.js";
export { type Column, type ColumnType, unixNanoseconds, type Value } from "./column.js";
export { createFrame, type Frame } from "./frame.js";
export type { Provenance } from "./provenance.js";
export { renderTable, type Shown } from "./render/index.js";
export { scratchFolder } from "./scratch.js";
export type { Table } from "./table.js";
export { writeWhole } from "./whole-file.js";
export { createTable, type TableWriter } from "./writer.js";
