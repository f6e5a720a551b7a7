import type { Table } from "../../tables/index.js";
import type { Figure } from "../figure.js";
import { grey, palette } from "../style.js";
import { lineFigure } from "./lines.js";

const wanted = { figure: "socketRttOverTime", made: "socketRates(samples, { flow })" };

/**
 * The smoothed round trip time of a sender beside its shortest one: what lies between them waits, in a queue or for a delayed ack. Of an end that sends nothing, both are as old as
 * its last data.
 *
 * @param rates one connection, as `socketRates` returns it
 * @throws SkbookError `BAD_PARAMETER` for another table, or several connections
 * @example await socketRttOverTime(await socketRates(samples))
 */
export async function socketRttOverTime(rates: Table): Promise<Figure> {
  return lineFigure(
    wanted,
    rates,
    ["rtt_us", "min_rtt_us"],
    [
      { y: "min_rtt_us", name: "shortest", color: grey, dash: "dash" },
      { y: "rtt_us", name: "smoothed", color: palette[0] },
    ],
    { title: "Round trip time", unit: "µs", format: ",.0f" },
  );
}
