import { bundleOf } from "./bundle.js";
import { currentCell, type MimeBundle } from "./cell.js";

/**
 * Shows a value in the middle of a cell, as its last expression would be shown: a Frame, a Table, a Figure, a Capture. A
 * string is shown without quotes. Outside a notebook its text is printed.
 */
export async function display(value: unknown): Promise<void> {
  const bundle = await shown(value);
  const cell = currentCell();
  if (cell === undefined) console.log(String(bundle["text/plain"]));
  else cell.display(bundle);
}

/**
 * Shows a value where the front end shows help texts, once the cell has ended: JupyterLab below the cell, a console in its
 * pager. It is not saved with the notebook. Outside a notebook its text is printed.
 */
export async function page(value: unknown): Promise<void> {
  const bundle = await shown(value);
  const cell = currentCell();
  if (cell === undefined) console.log(String(bundle["text/plain"]));
  else cell.page(bundle);
}

/**
 * Removes what the running cell has shown so far. Outside a notebook nothing can be removed, and nothing happens.
 *
 * @param options.wait true to keep it until the next output comes, which then takes its place without a flicker; default
 *   false: at once.
 */
export function clearOutput({ wait = false }: { wait?: boolean } = {}): void {
  currentCell()?.clearOutput(wait);
}

/** Text is shown as it is, everything else as the last expression of a cell would be. */
async function shown(value: unknown): Promise<MimeBundle> {
  return typeof value === "string" ? { "text/plain": value } : bundleOf(value);
}
