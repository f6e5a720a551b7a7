import { createRequire } from "node:module";
import type * as Danfo from "danfojs-node";
import { jupyterDisplay, type MimeBundle } from "../cell/index.js";
import { type Column, type ColumnType, resultColumn, type Value } from "./column.js";
import { renderTable } from "./render/index.js";

let danfo: typeof Danfo | undefined;

/** danfojs takes more than a second and 100 MB to load, so it is loaded with the first Frame. */
export function loadDanfo(): typeof Danfo {
  danfo ??= completed(createRequire(import.meta.url)("danfojs-node") as typeof Danfo);
  return danfo;
}

const danfoTypes: Record<ColumnType, string> = {
  VARCHAR: "string",
  BOOLEAN: "boolean",
  INTEGER: "int32",
  BIGINT: "int32",
  UBIGINT: "int32",
  DOUBLE: "float32",
};

/** What danfojs is told of a column; it calls all integers int32 and keeps their values as they are. */
export function danfoType(column: Column): string {
  return danfoTypes[column.type];
}

/** What danfojs says of the columns it has by now, with what was known of them by name. */
export function columnsOf(frame: Danfo.DataFrame, known: readonly Column[]): Column[] {
  const types: Record<string, ColumnType> = { string: "VARCHAR", boolean: "BOOLEAN", int32: "BIGINT" };
  return frame.columns.map(
    (name, index) =>
      known.find((column) => column.name === name) ??
      resultColumn(name, types[frame.dtypes[index] ?? ""] ?? "DOUBLE", []),
  );
}

/** Adds what danfojs lacks, so that what its own methods return works in cells too. */
function completed(library: typeof Danfo): typeof Danfo {
  // Else TensorFlow.js advertises its native package in the cell that first does arithmetic.
  library.tensorflow.enableProdMode();
  const base = Object.getPrototypeOf(library.DataFrame.prototype);
  const exposeColumn = base.$setInternalColumnDataProperty;
  // danfojs makes every column a property, and breaks when one is called `index` or `columns`.
  base.$setInternalColumnDataProperty = function (this: Danfo.DataFrame, column?: string): void {
    const names: string[] = column ? [column] : this.columns;
    for (const name of names) if (!(name in this)) exposeColumn.call(this, name);
  };
  base[jupyterDisplay] = function (this: Danfo.DataFrame): MimeBundle {
    const rows: Value[][] = this.values as Value[][];
    return renderTable({ columns: columnsOf(this, []), rows, total: rows.length });
  };
  return library;
}
