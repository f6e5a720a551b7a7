import type { Column } from "../column.js";

/** A table whose rows pages may ask for. */
export interface Kept {
  columns: readonly Column[];
  /** What the rows are selected from, as it stands in SQL. */
  table(): Promise<string>;
  /** How many rows the last conditions let through: who turns pages asks for the same ones. */
  counted?: { where: string; rows: number };
  /** Called when no page can ask any more. */
  forget?(): void;
}

/** So many of the tables shown last can be asked about: the rows of Frames are in memory as long. */
const most = 50;

const kept = new Map<string, Kept>();

export function keep(id: string, table: Kept): void {
  drop(id);
  kept.set(id, table);
  const [oldest] = kept.keys();
  if (kept.size > most && oldest !== undefined) drop(oldest);
}

function drop(id: string): void {
  kept.get(id)?.forget?.();
  kept.delete(id);
}

export function keptUnder(id: string): Kept | undefined {
  return kept.get(id);
}
