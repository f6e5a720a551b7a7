import type { Table } from "../../tables/index.js";
import type { Figure } from "../figure.js";
import { grey, palette } from "../style.js";
import { lineFigure } from "./lines.js";

const wanted = { figure: "socketRatesOverTime", made: "socketRates(samples, { flow })" };

/**
 * Rates of one connection over time: what the peer acknowledged or what it received, the kernel's best sample of deliveries (no mean: in a burst it is above the link's rate), and the rate at
 * which it may send. Goodput well below the delivery rate means pauses; a pacing rate that the delivery rate follows means that pacing governs.
 *
 * @param rates one connection, as `socketRates` returns it
 * @throws SkbookError `BAD_PARAMETER` for another table, or several connections
 * @example await socketRatesOverTime(await socketRates(samples))
 */
export async function socketRatesOverTime(rates: Table): Promise<Figure> {
  const rate = (name: string) => `${name}_bits_per_second`;
  const names = ["pacing", "delivery", "received", "acked"].map(rate);
  return lineFigure(
    wanted,
    rates,
    names,
    [
      { y: rate("pacing"), name: "pacing", color: grey, dash: "dash" },
      { y: rate("delivery"), name: "delivery", color: palette[1], dash: "dot" },
      { y: rate("received"), name: "received", color: palette[2] },
      { y: rate("acked"), name: "acknowledged", color: palette[0] },
    ],
    { title: "Rates", unit: "bit/s", format: ".4s" },
  );
}
