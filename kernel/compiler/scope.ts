import { type CellFile, chain, hide, mentions } from "./cell-file.js";

interface Entry {
  cell: CellFile;
  /** The cells whose declarations it mentions. */
  needs: Set<Entry>;
}

/**
 * The cells whose declarations can still be seen, oldest first. A cell goes when all it declared has been declared
 * again and no living cell mentions it: a cell that is run a thousand times costs no more than one.
 */
export class Scope {
  #entries: Entry[] = [];
  /** For each name the newest cell that declares it. */
  readonly #owners = new Map<string, Entry>();
  readonly #cells = new Map<unknown, CellFile>();
  readonly #dropped: (cell: CellFile) => void;

  constructor(dropped: (cell: CellFile) => void) {
    this.#dropped = dropped;
  }

  get last(): CellFile | undefined {
    return this.#entries.at(-1)?.cell;
  }

  /** The cell that a source file is, if it is one that can be seen. */
  cellOf(file: unknown): CellFile | undefined {
    return this.#cells.get(file);
  }

  /** Adds a cell that has run; `unset` are declarations that it did not reach. False if it leaves nothing to see. */
  add(cell: CellFile, unset: Iterable<string>): boolean {
    const names = new Set(cell.names.keys());
    for (const name of unset) {
      hide(cell, name);
      names.delete(name);
    }
    if (names.size === 0) return false;
    const needs = [...this.#owners].filter(([name]) => mentions(cell, name)).map(([, owner]) => owner);
    const entry = { cell, needs: new Set(needs) };
    for (const name of names) this.#owners.set(name, entry);
    this.#entries.push(entry);
    this.#cells.set(cell.file, cell);
    this.#sweep();
    return true;
  }

  #sweep(): void {
    const living = new Set<Entry>();
    const keep = (entry: Entry): void => {
      if (living.has(entry)) return;
      living.add(entry);
      for (const needed of entry.needs) keep(needed);
    };
    for (const owner of this.#owners.values()) keep(owner);
    for (const entry of this.#entries) {
      if (living.has(entry)) continue;
      this.#cells.delete(entry.cell.file);
      this.#dropped(entry.cell);
    }
    this.#entries = this.#entries.filter((entry) => living.has(entry));
    for (const [index, { cell }] of this.#entries.entries()) chain(cell, this.#entries[index - 1]?.cell);
  }
}
