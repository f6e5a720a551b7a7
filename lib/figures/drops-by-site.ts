import type { Frame } from "../tables/index.js";
import { dropBars } from "./drop-bars.js";
import type { Figure } from "./figure.js";
import { oneOf } from "./options.js";

/** How {@link dropsBySite} tells drops of one function apart. */
export interface DropsBySiteOptions {
  /** The column whose values are the colours. Default "reason". */
  by?: "reason" | "device";
}

/**
 * Horizontal bars of drops by the kernel function that dropped, the 20 most frequent on top, coloured by reason or device. The number at
 * the end of a bar is its total.
 *
 * @param summary counts by site, as `dropSummary` returns them: needs `site`, `drops` and the column `by`
 * @throws SkbookError `BAD_PARAMETER` for another `by`
 * @example await dropsBySite(await dropSummary(host, { seconds: 10 }))
 */
export async function dropsBySite(
  summary: Frame,
  { by = "reason" }: DropsBySiteOptions = {},
): Promise<Figure> {
  oneOf("dropsBySite", "by", by, ["reason", "device"]);
  return dropBars(summary, "site", by);
}
