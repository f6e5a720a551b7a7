import type { Table } from "../../tables/index.js";
import type { Figure } from "../figure.js";
import { grey, palette } from "../style.js";
import { lineFigure } from "./lines.js";

const wanted = { figure: "socketWindowsOverTime", made: "socketWindows(samples, { flow })" };

/**
 * What a sender has in flight, beside the two windows that bound it: its congestion window and the peer's. All are in bytes; the congestion window and what is in flight are packets of full size.
 * In flight at the lower of both means that this window holds it up; below both, the application, a buffer or the path does. Where the peer's window is unknown it is not drawn.
 *
 * @param windows one connection, as `socketWindows` returns it
 * @throws SkbookError `BAD_PARAMETER` for another table, or several connections
 * @example await socketWindowsOverTime(await socketWindows(samples))
 */
export async function socketWindowsOverTime(windows: Table): Promise<Figure> {
  return lineFigure(
    wanted,
    windows,
    ["in_flight_bytes", "cwnd_bytes", "snd_wnd_bytes"],
    [
      { y: "snd_wnd_bytes", name: "peer's window", color: grey, dash: "dash" },
      { y: "cwnd_bytes", name: "congestion window", color: palette[1], dash: "dot" },
      { y: "in_flight_bytes", name: "in flight", color: palette[0] },
    ],
    { title: "Windows", unit: "bytes", format: ",.0f" },
  );
}
