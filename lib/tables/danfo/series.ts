import type * as Danfo from "#danfojs";
import type { Value } from "../column.js";
import { compare, isUnknown } from "./unknown.js";

/** The values of a Series, of an array or one for all rows. */
type Other = Danfo.Series | unknown[] | number;

const arithmetic = ["add", "sub", "mul", "div", "pow", "mod", "maximum", "minimum"] as const;
const comparisons = ["lt", "gt", "le", "ge"] as const;
/** Of the values alone: a null stays where it is, and counts for nothing in what runs over it. */
const ofKnown = ["abs", "cumSum", "cumProd", "cumMin", "cumMax"] as const;

type Series = Danfo.Series & { $setValues(values: unknown[]): void; $setIndex(index: unknown[]): void };

/** In place of what danfojs computes with null as if it were 0: with an unknown value a sum is unknown, and nothing is less or greater. */
export function carefulMethods({ Series }: typeof Danfo): object {
  const careful = (name: (typeof arithmetic | typeof comparisons)[number], instead: null | false) => {
    const original = Series.prototype[name] as (other: Other) => Danfo.Series;
    return function (this: Danfo.Series, other: Other, { inplace = false } = {}): Danfo.Series {
      const otherAt = (row: number) =>
        other instanceof Series ? other.values[row] : Array.isArray(other) ? other[row] : other;
      const made = original.call(this, other) as Series;
      const values = (made.values as unknown[]).map((value, row) =>
        isUnknown(this.values[row]) || isUnknown(otherAt(row)) ? instead : value,
      );
      const target = inplace ? (this as typeof made) : made;
      target.$setValues(values);
      return target;
    };
  };
  const known = (name: (typeof ofKnown)[number]) => {
    const original = Series.prototype[name];
    return function (this: Series, { inplace = false } = {}): Danfo.Series {
      const all = this.values as Value[];
      const some = all.filter((value) => !isUnknown(value));
      const results = some.length === 0 ? [] : (original.call(new Series(some)).values as Value[]);
      let at = 0;
      const target = inplace ? this : (this.copy() as Series);
      target.$setValues(all.map((value) => (isUnknown(value) ? null : results[at++])));
      return target;
    };
  };
  /** argSort, too, goes by it. */
  function sortValues(this: Series, { ascending = true, inplace = false } = {}): Danfo.Series {
    const order = (this.values as Value[]).map((value, row) => ({ value, label: this.index[row] }));
    order.sort((one, other) => compare(one.value, other.value, ascending));
    const target = inplace ? this : (this.copy() as Series);
    target.$setValues(order.map(({ value }) => value));
    target.$setIndex(order.map(({ label }) => label));
    return target;
  }
  return Object.fromEntries<unknown>([
    ["sortValues", sortValues],
    ...ofKnown.map((name) => [name, known(name)] as const),
    ...arithmetic.map((name) => [name, careful(name, null)] as const),
    ...comparisons.map((name) => [name, careful(name, false)] as const),
  ]);
}
