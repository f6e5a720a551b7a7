import type { Frame } from "../tables/index.js";
import { dropBars } from "./drop-bars.js";
import type { Figure } from "./figure.js";
import { oneOf } from "./options.js";

/** How {@link dropsByReason} tells drops of one reason apart. */
export interface DropsByReasonOptions {
  /** The column whose values are the colours. Default "site". */
  by?: "site" | "device";
}

/**
 * Horizontal bars of drops by reason, the most frequent on top, coloured by where they happened: the kernel function
 * (`site`) or the device. The number at the end of a bar is its total.
 *
 * @param summary counts by reason, as `dropSummary` returns them: needs `reason`, `drops` and the column `by`
 * @throws SkbookError `BAD_PARAMETER` for a `by` that is no column of places
 * @example await dropsByReason(await dropSummary(host, { seconds: 10 }))
 */
export async function dropsByReason(
  summary: Frame,
  { by = "site" }: DropsByReasonOptions = {},
): Promise<Figure> {
  oneOf("dropsByReason", "by", by, ["site", "device"]);
  return dropBars(summary, "reason", by);
}
