import type * as Danfo from "#danfojs";
import { SkbookError } from "../../errors/index.js";
import type { Value } from "../column.js";
import { compare } from "./unknown.js";

/** What danfojs keeps to itself of a frame. */
export interface Internals {
  $setInternalColumnDataProperty(column?: string): void;
  $getColumnData(column: string, asSeries?: boolean): unknown;
  $getDataByAxisWithMissingValuesRemoved(axis: 0 | 1): unknown[][];
  $setValues(rows: unknown[][]): void;
  $setDtypes(dtypes: string[]): void;
  $setIndex(index: Danfo.DataFrame["index"]): void;
}

type Frame = Danfo.DataFrame & Internals;

/** In place of methods of danfojs that are wrong, fail on null, or take minutes. */
export function betterMethods({ DataFrame }: typeof Danfo) {
  const { $getColumnData, $setInternalColumnDataProperty, apply } = DataFrame.prototype as Frame;
  const methods = {
    /** danfojs makes every column a property, and breaks when one is called `index` or `columns`. */
    $setInternalColumnDataProperty(this: Frame, column?: string): void {
      const names = column ? [column] : this.columns;
      for (const name of names) if (!(name in this)) $setInternalColumnDataProperty.call(this, name);
    },

    $getColumnData(this: Frame, name: string, asSeries = true): unknown {
      if (!this.columns.includes(name)) throw noColumn(name, this.columns);
      // Undefined where there are no rows.
      const first = ($getColumnData.call(this, name, false) as Value[] | undefined)?.[0];
      if (asSeries && typeof first === "bigint") throw noSeries(name, this.columns.indexOf(name));
      return $getColumnData.call(this, name, asSeries);
    },

    /** danfojs leaves null out of a row, and what stands behind it gets into another column's place. */
    apply(this: Frame, ...args: Parameters<Frame["apply"]>): ReturnType<Frame["apply"]> {
      const $getDataByAxisWithMissingValuesRemoved = (axis: 0 | 1) =>
        axis === 1
          ? (this.values as Value[][]).map((row) => [...row])
          : this.$getDataByAxisWithMissingValuesRemoved(axis);
      const whole = Object.create(this, {
        $getDataByAxisWithMissingValuesRemoved: { value: $getDataByAxisWithMissingValuesRemoved },
      });
      return apply.apply(whole, args);
    },

    /** danfojs fails on null. */
    describe(this: Frame): Danfo.DataFrame {
      const numeric = this.columns.filter((_, index) => /int|float/.test(this.dtypes[index] ?? ""));
      const columns = numeric.map((name) => this.column(name).dropNa());
      const rows = {
        count: columns.map((column) => column.count()),
        mean: columns.map((column) => column.mean()),
        std: columns.map((column) => column.std()),
        min: columns.map((column) => column.min()),
        median: columns.map((column) => column.median()),
        max: columns.map((column) => column.max()),
        variance: columns.map((column) => column.var()),
      };
      const dtypes = numeric.map(() => "float32");
      return new DataFrame(Object.values(rows), { columns: numeric, dtypes, index: Object.keys(rows) });
    },

    /** danfojs looks every row up by its label: minutes at a million rows. */
    sortValues(this: Frame, name: string, { ascending = true, inplace = false } = {}): Danfo.DataFrame {
      const at = this.columns.indexOf(name);
      if (at < 0) throw noColumn(name, this.columns);
      const values = this.values as Value[][];
      const order = values.map((row, position) => ({
        row,
        label: this.index[position] as number,
        value: row[at],
      }));
      order.sort((one, other) => compare(one.value, other.value, ascending));
      const rows = order.map(({ row }) => row);
      const index = order.map(({ label }) => label);
      const dtypes = [...this.dtypes];
      if (!inplace) return new DataFrame(rows, { columns: [...this.columns], dtypes, index });
      this.$setValues(rows);
      this.$setDtypes(dtypes);
      this.$setIndex(index);
      return this;
    },

    toJSON(this: Frame): Record<string, unknown>[] {
      return (this.values as Value[][]).map((row) =>
        Object.fromEntries(this.columns.map((name, index) => [name, row[index]])),
      );
    },
  };
  return methods;
}

function noColumn(name: string, columns: readonly string[]): SkbookError {
  return new SkbookError({
    code: "NO_SUCH_COLUMN",
    tried: `find the column ${JSON.stringify(name)} of a frame`,
    failed: "the frame has no column of that name",
    todo: `choose one of: ${columns.join(", ")}`,
    details: { name, columns },
  });
}

function noSeries(name: string, index: number): SkbookError {
  return new SkbookError({
    code: "NOT_IN_DANFOJS",
    tried: `make a Series of the column ${JSON.stringify(name)} of a frame`,
    failed: "its integers need all 64 bits, and danfojs knows numbers only",
    todo: `compute with sql() of a Frame, or take its values: frame.values.map((row) => row[${index}])`,
    details: { name },
  });
}
