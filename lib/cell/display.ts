import { SkbookError } from "../errors/index.js";
import { printable } from "../html/index.js";
import { bundleOf, textBundle } from "./bundle.js";
import { currentCell, type MimeBundle } from "./cell.js";

/**
 * Shows a value in the middle of a cell, as its last expression would be shown: a Frame, a Table, a Figure, a Capture,
 * what {@link html}, {@link md} and {@link svg} make. A string is shown without quotes. Outside a notebook its text is printed.
 *
 * @param options.raw true where the value is a bundle of its own, MIME type to data: it is shown as it is. Default false.
 * @throws SkbookError `BAD_PARAMETER` for a raw value that is no bundle.
 * @example await display({ "text/plain": "3 hosts", "text/html": "<b>3</b> hosts" }, { raw: true })
 */
export async function display(value: unknown, { raw = false }: { raw?: boolean } = {}): Promise<void> {
  const bundle = raw ? checkedBundle(value) : await shown(value);
  const cell = currentCell();
  if (cell === undefined)
    console.log(printable(String(bundle["text/plain"] ?? Object.keys(bundle).join(", "))));
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
  return typeof value === "string" ? textBundle(value) : bundleOf(value);
}

/** A bundle from the user: only its keys can be checked, its data are the front end's business. */
function checkedBundle(value: unknown): MimeBundle {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  // A type and a subtype, as `image/png` and `application/vnd.plotly.v1+json` have them.
  if (keys.length > 0 && keys.every((key) => /^[\w.+-]+\/[\w.+-]+$/.test(key))) return value as MimeBundle;
  throw new SkbookError({
    code: "BAD_PARAMETER",
    tried: "display a raw bundle",
    failed: "it isn't an object of MIME types and their data",
    todo: 'give for example { "text/html": "<b>bold</b>", "text/plain": "bold" }',
  });
}
