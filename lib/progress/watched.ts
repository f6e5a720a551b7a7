import { randomUUID } from "node:crypto";
import { replaying } from "../cases/index.js";
import { type Cell, currentCell } from "../cell/index.js";
import { bar, type Standing } from "./bar.js";

/** Work that is over sooner shows no bar. */
const firstAfterMs = 1_000;
const everyMs = 250;

/**
 * Does a piece of work and shows meanwhile how far it is, in one bar that is gone at the end: what a notebook keeps is the same
 * with and without it. There is none where nobody looks on (nbconvert, `skbook run`), in a replay and outside a notebook.
 *
 * @param title what is done and where: `dropEvents on h1`.
 * @param standing asked while the bar is shown, four times a second.
 */
export async function watched<T>(
  title: string,
  standing: () => Standing,
  work: () => Promise<T>,
): Promise<T> {
  const cell = currentCell();
  // A front end that can't ask its user has none.
  if (cell?.ask === undefined || (await replaying())) return work();
  const remove = show(cell, () => bar(title, standing()));
  try {
    return await work();
  } finally {
    remove();
  }
}

/** Shows what `draw` draws, again and again in the same place; returns what ends it. */
function show(cell: Cell, draw: () => ReturnType<typeof bar>): () => void {
  const id = randomUUID();
  let shown = "";
  let timer = setTimeout(function again() {
    const bundle = draw();
    const text = String(bundle["text/plain"]);
    if (text !== shown) cell.display(bundle, { id, update: shown !== "" });
    shown = text;
    timer = setTimeout(again, everyMs);
  }, firstAfterMs);
  return () => {
    clearTimeout(timer);
    // An output of no type: front ends give it no room.
    if (shown !== "") cell.display({}, { id, update: true });
  };
}
