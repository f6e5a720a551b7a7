import type { Frame } from "../../tables/index.js";
import type { Capture } from "../capture.js";
import { scopeOf, type TrafficFilter } from "../scope/index.js";
import { flowColumns } from "./columns.js";
import { flowsSql } from "./sql.js";

/**
 * The flows of a capture, one row each: TCP connections (a reused port pair is a new one), UDP conversations, ICMP echoes by
 * identifier, anything else by address pair. Client is who sent the SYN; without it, `direction_by` says what was assumed.
 * Packets without transport header (later fragments) are in no flow; an ICMP error is a flow of its own, not the one it quotes.
 * Everything that the capture holds is counted, copies of packets too: `copies` says how many those are.
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Frame in the order of the flows' first packets; `.schema` has units and meanings. `flow` is the id by which every
 *   other analysis calls it.
 * @throws SkbookError as `packets` does; `BAD_PARAMETER`, `NOTHING_MATCHES`; `FRAME_TOO_LARGE` above 100,000 flows.
 */
export async function flows(capture: Capture, filter: TrafficFilter = {}): Promise<Frame> {
  const scope = await scopeOf(capture, filter);
  return scope.frame({ source: "flows", query: flowsSql, columns: flowColumns });
}
