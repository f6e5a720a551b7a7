import type * as Danfo from "#danfojs";

/** The values of a Series, of an array or one for all rows. */
type Other = Danfo.Series | unknown[] | number;

const arithmetic = ["add", "sub", "mul", "div", "pow", "mod"] as const;
const comparisons = ["lt", "gt", "le", "ge"] as const;

/** In place of what danfojs computes with null as if it were 0: with an unknown value a sum is unknown, and nothing is less or greater. */
export function carefulMethods({ Series }: typeof Danfo): object {
  const careful = (name: (typeof arithmetic | typeof comparisons)[number], instead: null | false) => {
    const original = Series.prototype[name] as (other: Other) => Danfo.Series;
    return function (this: Danfo.Series, other: Other, { inplace = false } = {}): Danfo.Series {
      const otherAt = (row: number) =>
        other instanceof Series ? other.values[row] : Array.isArray(other) ? other[row] : other;
      const made = original.call(this, other) as Danfo.Series & { $setValues(values: unknown[]): void };
      const values = (made.values as unknown[]).map((value, row) =>
        isUnknown(this.values[row]) || isUnknown(otherAt(row)) ? instead : value,
      );
      const target = inplace ? (this as typeof made) : made;
      target.$setValues(values);
      return target;
    };
  };
  return Object.fromEntries([
    ...arithmetic.map((name) => [name, careful(name, null)]),
    ...comparisons.map((name) => [name, careful(name, false)]),
  ]);
}

/** null, or what danfojs makes of it. */
export function isUnknown(value: unknown): value is null | undefined {
  return value === null || value === undefined || Number.isNaN(value);
}
