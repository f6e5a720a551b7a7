import { createRequire } from "node:module";
import { inspect } from "node:util";
import type * as Danfo from "#danfojs";
import { jupyterDisplay, type MimeBundle } from "../../cell/index.js";
import { resultColumn, type Value } from "../column.js";
import { renderTable } from "../render/index.js";
import { refuseAbsent } from "./absent.js";
import { betterMethods } from "./data-frame.js";
import { groupMath } from "./groups.js";
import { carefulMethods } from "./series.js";
import { columnsOf } from "./types.js";

let danfo: typeof Danfo | undefined;

/** danfojs is loaded with the first Frame. */
export function loadDanfo(): typeof Danfo {
  danfo ??= completed(createRequire(import.meta.url)("#danfojs") as typeof Danfo);
  return danfo;
}

/** Adds what danfojs lacks, so that what its own methods return works in cells too, and mends what it gets wrong. */
function completed(library: typeof Danfo): typeof Danfo {
  const { DataFrame, Series, Groupby } = library;
  refuseAbsent({ DataFrame, Series });
  addMethods(DataFrame.prototype, { ...betterMethods(library), ...shown });
  addMethods(Series.prototype, { ...carefulMethods(library), ...seriesShown });
  const groups = Groupby.prototype as unknown as { groupMathLog: Parameters<typeof groupMath>[0] };
  groups.groupMathLog = groupMath(groups.groupMathLog);
  return library;
}

interface Shown extends Danfo.DataFrame {
  [jupyterDisplay](): MimeBundle;
}

/** Node, and danfojs' print(), show what a cell shows. */
const shown = {
  [jupyterDisplay](this: Shown): MimeBundle {
    const columns = columnsOf(this, []);
    const rows = this.values as Value[][];
    const total = rows.length;
    // Positions say nothing; names like those of describe() do.
    if (!this.index.some((label) => typeof label === "string")) return renderTable({ columns, rows, total });
    const labels = resultColumn("index", "VARCHAR", []);
    const labelled = rows.map((row, at) => [String(this.index[at]), ...row]);
    return renderTable({ columns: [labels, ...columns], rows: labelled, total });
  },
  toString(this: Shown): string {
    return String(this[jupyterDisplay]()["text/plain"]);
  },
  [inspect.custom](this: Shown): string {
    return this.toString();
  },
};

const seriesShown = {
  toJSON(this: Danfo.Series): unknown[] {
    return this.values;
  },
  toString(this: Danfo.Series): string {
    return `${this.columns[0]} ${inspect(this.values)}`;
  },
  [inspect.custom](this: Danfo.Series): string {
    return this.toString();
  },
};

/** Like the methods of a class: not listed with an object's own data. */
function addMethods(prototype: object, methods: object): void {
  for (const key of Reflect.ownKeys(methods)) {
    const value = methods[key as keyof typeof methods];
    Object.defineProperty(prototype, key, { value, configurable: true, writable: true });
  }
}
