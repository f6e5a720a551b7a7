import { type Bpf, type BpfValue, bpf, joined, needing, printedAs, word } from "./bpf.js";

/** How a program uses a map: what decides the memory that the kernel sets aside for it. */
export class MapUse {
  constructor(
    readonly map: BpfMap,
    readonly keyBytes: number,
  ) {}
}

/** A map of a program. */
export class BpfMap {
  readonly name: `@${string}`;
  private readonly text: Bpf;

  /**
   * @param name without the `@`.
   * @param perCpu whether it is one of bpftrace's aggregations (count(), sum(), min(), ...), which keep a value for each CPU.
   */
  constructor(
    name: string,
    readonly perCpu: boolean,
    readonly valueBytes = 8,
  ) {
    this.text = bpf`@${word(name)}`;
    this.name = `@${name}`;
  }

  /** The map's value for a key; without one, its only value. */
  at(...key: readonly BpfValue[]): Bpf {
    const use = new MapUse(this, key.length * 8);
    return needing(use, key.length === 0 ? this.text : bpf`${this.text}[${joined(key, ", ")}]`);
  }

  /** The same where the map holds text. */
  textAt(...key: readonly BpfValue[]): Bpf {
    return printedAs("text", this.at(...key));
  }

  /** The same where it holds stacks. */
  stackAt(...key: readonly BpfValue[]): Bpf {
    return printedAs("stack", this.at(...key));
  }
}
