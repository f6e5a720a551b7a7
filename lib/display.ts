import { inspect } from "node:util";
import { currentCell, jupyterDisplay, type MimeBundle } from "./cell.js";

/**
 * Shows a value in the middle of a cell, as its last expression would be shown: a Frame, a Table, a Figure, a Capture. Outside a
 * notebook its text is printed.
 */
export async function display(value: unknown): Promise<void> {
  const bundle = await bundleOf(value);
  const cell = currentCell();
  if (cell === undefined) console.log(String(bundle["text/plain"]));
  else cell.display(bundle);
}

async function bundleOf(value: unknown): Promise<MimeBundle> {
  const render = (
    value as { [jupyterDisplay]?: () => MimeBundle | Promise<MimeBundle> } | null | undefined
  )?.[jupyterDisplay];
  if (typeof render === "function") return render.call(value);
  return { "text/plain": typeof value === "string" ? value : inspect(value) };
}
