import { basename } from "node:path";
import type { Run } from "../../cases/index.js";
import { interrupted } from "../../cell/index.js";
import { SkbookError } from "../../errors/index.js";
import { wholeLines } from "../../hosts/index.js";
import type { Capture } from "../capture.js";
import type { TsharkEnd, TsharkOutcome } from "../tshark.js";
import { startDissection } from "./tshark.js";
import type { Prepared } from "./wanted.js";
import { withheld } from "./withhold.js";

/** tshark cuts the text of a field off; some hundred fields are far shorter. */
const maxLineBytes = 4 * 2 ** 20;

/** tshark's output in pieces of whole lines, none of which may be without end. */
export function packetLines(bytes: AsyncIterable<Uint8Array>, capture: string): AsyncGenerator<Uint8Array> {
  return wholeLines(bytes, maxLineBytes, `read what tshark says of ${capture}`);
}

/** Starts tshark over a capture, as a run that a case can record. `onAhead` is told of packets that were dissected ahead. */
export async function startTshark(
  capture: Capture,
  wanted: Prepared,
  onAhead: (packets: number) => void,
): Promise<Run<TsharkOutcome>> {
  const { bytes, ended } = await startDissection(capture, wanted, onAhead);
  const { printed, filter, withhold } = wanted;
  const names = printed.map(({ name }) => name);
  return {
    bytes: withhold === undefined ? bytes : withheld(packetLines(bytes, capture.name), names, withhold),
    outcome: checkedOutcome(ended, capture, filter),
  };
}

/** tshark ends with 2 for a bad filter as for a damaged file; only what it says of the file names it. */
async function checkedOutcome(
  ending: Promise<TsharkEnd>,
  capture: Capture,
  filter: string,
): Promise<TsharkOutcome> {
  const { canceled, ...outcome } = await ending;
  const tried = `dissect ${capture.name}${filter === "" ? "" : ` with the filter ${filter}`}`;
  // A file that was brought here, or captured, has a name of its own.
  const file = basename(capture.path ?? capture.name);
  if (canceled) throw interrupted(tried);
  if (
    outcome.exitCode === 0 ||
    (outcome.exitCode === 2 && capture.facts.partial && outcome.stderr.includes(file))
  )
    return outcome;
  const failed = outcome.stderr || `tshark ended with ${outcome.exitCode}`;
  if (filter !== "" && !failed.includes(file)) {
    throw new SkbookError({
      code: "BAD_FILTER",
      tried,
      failed,
      todo: "correct the display filter: ip.addr == 192.0.2.1 && tcp.port == 443 (not tcpdump's syntax)",
      details: { filter },
    });
  }
  throw new SkbookError({
    code: "TSHARK_FAILED",
    tried,
    failed,
    todo: "see whether the file is still there and memory is left: tshark takes some 0.5 KB per packet",
    details: { ...outcome },
  });
}
