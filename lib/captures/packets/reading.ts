import type { Value } from "../../tables/index.js";
import type { Printed } from "./fields.js";
import { field } from "./fields.js";
import type { Layers } from "./layers.js";
import type { PacketColumn } from "./readers.js";
import type { Row } from "./row.js";

/** What lines have in common whose packets have the same layers, and which lack the same columns of tshark's output. */
export interface Reading {
  /** Columns whose fields are all lacking, so that the layers say their value; those that are null are left out. */
  readonly fixed: readonly { readonly index: number; readonly value: Exclude<Value, null> }[];
  /** Columns that have to be read off each line. */
  readonly read: readonly number[];
}

type Node = Map<number, Node | Reading>;

/** Captures have some hundred; a hostile one could have another one in each packet. */
const maxKnown = 10_000;

/** Most columns of most packets are null: which ones is worked out once for all lines of a kind. */
export class Readings {
  private readonly known = new Map<Layers, Node>();
  private count = 0;
  /** Of each column the places in a line, among tshark's columns, of what it is read off. */
  private readonly needs: readonly (readonly number[])[];

  constructor(
    printed: readonly Printed[],
    private readonly columns: readonly PacketColumn[],
  ) {
    const placeOf = new Map(printed.flatMap(({ places }, at) => places.map((place) => [place, at] as const)));
    this.needs = columns.map(({ needs }) =>
      needs.map((name) => placeOf.get(field(name))).filter((at) => at !== undefined),
    );
  }

  /** @param there a bit for each of tshark's columns, by words of 32, which is set where it isn't empty. */
  of(row: Row, there: Int32Array): Reading {
    const { layers } = row;
    let node: Node | Reading | undefined = this.known.get(layers);
    for (let word = 0; node !== undefined && word < there.length; word++) {
      node = (node as Node).get(there[word] as number);
    }
    if (node !== undefined) return node as Reading;
    const reading = this.workOut(row, there);
    if (this.count < maxKnown) this.keep(layers, there, reading);
    return reading;
  }

  private workOut(row: Row, there: Int32Array): Reading {
    const fixed: { index: number; value: Exclude<Value, null> }[] = [];
    const read: number[] = [];
    for (const [index, column] of this.columns.entries()) {
      const some = this.needs[index]?.some((at) => ((there[at >> 5] as number) >>> (at & 31)) & 1);
      if (some) {
        read.push(index);
        continue;
      }
      const value = column.read(row);
      if (value !== null) fixed.push({ index, value });
    }
    return { fixed, read };
  }

  private keep(layers: Layers, there: Int32Array, reading: Reading): void {
    this.count += 1;
    let node = this.known.get(layers) ?? new Map();
    this.known.set(layers, node);
    const last = there.length - 1;
    for (let word = 0; word < last; word++) {
      const next = (node.get(there[word] as number) as Node | undefined) ?? new Map();
      node.set(there[word] as number, next);
      node = next;
    }
    node.set(there[last] as number, reading);
  }
}
