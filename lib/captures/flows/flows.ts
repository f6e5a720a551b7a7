import type { Frame, Value } from "../../tables/index.js";
import { createFrame } from "../../tables/index.js";
import type { Capture } from "../capture.js";
import { packets } from "../packets/index.js";
import { flowColumns } from "./columns.js";
import { flowsSql } from "./sql.js";

/**
 * The flows of a capture, one row each: TCP connections (a reused port pair is a new one), UDP conversations, ICMP echoes by
 * identifier and other ICMP by address pair. Client is who sent the SYN; without it, `direction_by` says what was assumed.
 * Packets without transport header (later fragments) are in no flow; an ICMP error is a flow of its own, not the one it quotes.
 *
 * @param options.filter display filter for the packets. Default: all.
 * @returns a Frame in the order of the flows' first packets; `.schema` has units and meanings.
 * @throws SkbookError as {@link packets} does, and `FRAME_TOO_LARGE` above 100,000 flows.
 */
export async function flows(capture: Capture, options: { filter?: string } = {}): Promise<Frame> {
  const table = await packets(capture, options);
  const answer = await table.sql(flowsSql);
  return createFrame(flowColumns, answer.values as Value[][], { ...table.provenance, source: "flows" });
}
