import type { default as bindings } from "@duckdb/node-bindings";
import type { Column, Value } from "./column.js";

/** Rows that DuckDB takes in one piece. */
export const chunkRows = 2048;

/** DuckDB's C API. */
export type Bindings = typeof bindings;
type Vector = Parameters<Bindings["vector_get_data"]>[0];

/**
 * Copies values into a vector of DuckDB. Its own JavaScript classes do that value by value with a bigint for each null, which
 * would cost a capture's dissection as much time as tshark.
 */
export class VectorFiller {
  private readonly memory = new ArrayBuffer(chunkRows * 8);
  private readonly integers = new Int32Array(this.memory);
  private readonly bigints = new BigInt64Array(this.memory);
  private readonly doubles = new Float64Array(this.memory);
  private readonly booleans = new Uint8Array(this.memory);
  private readonly valid = new Uint8Array(chunkRows / 8);

  constructor(private readonly bindings: Bindings) {}

  fill(vector: Vector, { name, type }: Column, values: readonly Value[]): void {
    switch (type) {
      case "VARCHAR":
        this.texts(vector, values);
        break;
      case "INTEGER":
        for (let row = 0; row < values.length; row++) this.integers[row] = integerOf(values[row], name);
        this.copy(vector, values.length * 4);
        break;
      case "DOUBLE":
        for (let row = 0; row < values.length; row++) this.doubles[row] = Number(values[row] ?? 0);
        this.copy(vector, values.length * 8);
        break;
      case "BOOLEAN":
        for (let row = 0; row < values.length; row++) this.booleans[row] = values[row] ? 1 : 0;
        this.copy(vector, values.length);
        break;
      case "BIGINT":
      case "UBIGINT":
        for (let row = 0; row < values.length; row++) this.putLong(row, values[row] ?? 0, name, type);
        this.copy(vector, values.length * 8);
        break;
    }
    this.markNulls(vector, values);
  }

  private texts(vector: Vector, values: readonly Value[]): void {
    for (let row = 0; row < values.length; row++) {
      const value = values[row] ?? null;
      if (value !== null) this.bindings.vector_assign_string_element(vector, row, String(value));
    }
  }

  /** A number goes in by halves, which is much faster than as a bigint. */
  private putLong(row: number, value: Exclude<Value, null>, name: string, type: "BIGINT" | "UBIGINT"): void {
    if (typeof value === "number" && Number.isSafeInteger(value)) {
      this.integers[2 * row] = value;
      this.integers[2 * row + 1] = Math.floor(value / 2 ** 32);
    } else this.bigints[row] = longOf(value, name, type);
  }

  private copy(vector: Vector, bytes: number): void {
    this.bindings.copy_data_to_vector(vector, 0, this.memory, 0, bytes);
  }

  /** A bit per row, set where there is a value; vectors start with all of them set. */
  private markNulls(vector: Vector, values: readonly Value[]): void {
    let nulls = false;
    this.valid.fill(0xff);
    for (let row = 0; row < values.length; row++) {
      if ((values[row] ?? null) !== null) continue;
      nulls = true;
      this.valid[row >> 3] = (this.valid[row >> 3] as number) & ~(1 << (row & 7));
    }
    if (!nulls) return;
    this.bindings.vector_ensure_validity_writable(vector);
    const bytes = Math.ceil(values.length / 64) * 8;
    this.bindings.copy_data_to_vector_validity(vector, 0, this.valid.buffer, 0, bytes);
  }
}

function integerOf(value: Value | undefined, name: string): number {
  const integer = Number(value ?? 0);
  if (integer !== (integer | 0))
    throw new RangeError(`${value} does not fit into the INTEGER column ${name}`);
  return integer;
}

/** A bigint of 64 bits; a wider one would come out as another number. */
function longOf(value: Exclude<Value, null>, name: string, type: "BIGINT" | "UBIGINT"): bigint {
  const long = BigInt(value);
  if (long !== (type === "BIGINT" ? BigInt.asIntN(64, long) : BigInt.asUintN(64, long)))
    throw new RangeError(`${String(value).slice(0, 40)} does not fit into the ${type} column ${name}`);
  return long;
}
