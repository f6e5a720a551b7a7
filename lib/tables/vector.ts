import type { default as bindings } from "@duckdb/node-bindings";
import type { Column, Value } from "./column.js";

/** Rows that DuckDB takes in one piece. */
export const chunkRows = 2048;

/** DuckDB's C API. */
export type Bindings = typeof bindings;
type Vector = Parameters<Bindings["vector_get_data"]>[0];

const bytesOf = { VARCHAR: 0, BOOLEAN: 1, INTEGER: 4, DOUBLE: 8, BIGINT: 8, UBIGINT: 8 } as const;

/**
 * Values of a column as DuckDB has them in memory, to be copied into its vectors piece by piece. Its own JavaScript classes do that value by value
 * with a bigint for each null, which would cost a capture's dissection as much time as tshark.
 */
export class ColumnBuffer {
  /** Values that aren't null. */
  values = 0;
  private readonly width: number;
  /** Rows that there is memory for. */
  private rows = chunkRows;
  private memory: ArrayBuffer;
  private integers!: Int32Array;
  private bigints!: BigInt64Array;
  private doubles!: Float64Array;
  private booleans!: Uint8Array;
  private texts: (string | null)[] = [];
  /** A bit per row, set where there is a value. */
  private valid = new Uint8Array(chunkRows / 8);

  constructor(private readonly column: Column) {
    this.width = bytesOf[column.type];
    this.memory = new ArrayBuffer(this.rows * this.width);
    this.view();
  }

  /** Forgets all rows. */
  clear(): void {
    this.values = 0;
    this.valid.fill(0);
    this.texts = [];
  }

  /** Puts values in, from a row on. */
  put(values: readonly Value[], from: number): void {
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? null;
      if (value !== null) this.set(from + index, value);
    }
  }

  /** Puts the one value of a row in; a row without is null. */
  set(row: number, value: Exclude<Value, null>): void {
    // Most columns of a dissection have no value in most packets.
    if (row >= this.rows) this.grow(row + 1);
    if (row >= 8 * this.valid.length) this.growValid(row + 1);
    this.valid[row >> 3] = (this.valid[row >> 3] as number) | (1 << (row & 7));
    this.values += 1;
    this.write(row, value);
  }

  /**
   * Copies rows into a vector that nothing was put in yet: all of it counts as there.
   *
   * @param nulls whether any row is null.
   */
  copy(bindings: Bindings, vector: Vector, from: number, rows: number, nulls: boolean): void {
    if (nulls) {
      if (from + rows > 8 * this.valid.length) this.growValid(from + rows);
      bindings.vector_ensure_validity_writable(vector);
      const bytes = Math.ceil(rows / 64) * 8;
      bindings.copy_data_to_vector_validity(vector, 0, this.valid.buffer as ArrayBuffer, from / 8, bytes);
    }
    if (this.values === 0) return;
    if (this.column.type !== "VARCHAR") {
      if (from + rows > this.rows) this.grow(from + rows);
      bindings.copy_data_to_vector(vector, 0, this.memory, from * this.width, rows * this.width);
      return;
    }
    for (let row = 0; row < rows; row++) {
      const text = this.texts[from + row] ?? null;
      if (text !== null) bindings.vector_assign_string_element(vector, row, text);
    }
  }

  private write(row: number, value: Exclude<Value, null>): void {
    const { name, type } = this.column;
    switch (type) {
      case "VARCHAR":
        this.texts[row] = String(value);
        break;
      case "INTEGER":
        this.integers[row] = integerOf(value, name);
        break;
      case "DOUBLE":
        this.doubles[row] = Number(value);
        break;
      case "BOOLEAN":
        this.booleans[row] = value ? 1 : 0;
        break;
      case "BIGINT":
      case "UBIGINT":
        // A number goes in by halves, which is much faster than as a bigint.
        if (typeof value === "number" && Number.isSafeInteger(value)) {
          this.integers[2 * row] = value;
          this.integers[2 * row + 1] = Math.floor(value / 2 ** 32);
        } else this.bigints[row] = longOf(value, name, type);
        break;
    }
  }

  private grow(rows: number): void {
    const { memory } = this;
    this.rows = 2 ** Math.ceil(Math.log2(rows));
    this.memory = new ArrayBuffer(this.rows * this.width);
    new Uint8Array(this.memory).set(new Uint8Array(memory));
    this.view();
  }

  private growValid(rows: number): void {
    const { valid } = this;
    this.valid = new Uint8Array(2 ** Math.ceil(Math.log2(rows)) / 8);
    this.valid.set(valid);
  }

  private view(): void {
    this.booleans = new Uint8Array(this.memory);
    if (this.width >= 4) this.integers = new Int32Array(this.memory);
    if (this.width < 8) return;
    this.bigints = new BigInt64Array(this.memory);
    this.doubles = new Float64Array(this.memory);
  }
}

function integerOf(value: Exclude<Value, null>, name: string): number {
  const integer = Number(value);
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
