import type { Provenance, Table } from "../../tables/index.js";
import { extentOf } from "../extent.js";

/** When a capture has all packets of a conversation, on the clock of the first capture; null where that isn't known. */
export interface Coverage {
  startNs: bigint | null;
  endNs: bigint | null;
}

/**
 * When a capture ran; where a part of it was chosen by time, that part.
 *
 * @param onTheWayNs how long before the end a packet may have been sent and not have arrived
 */
export async function coverageOf(packets: Table, shiftNs: bigint, onTheWayNs: bigint): Promise<Coverage> {
  const { startNs, endNs } = chosenByTime(packets.provenance)
    ? ((await extentOf(packets)).span ?? { startNs: null, endNs: null })
    : running(packets.provenance);
  return {
    startNs: startNs === null ? null : startNs + shiftNs,
    endNs: endNs === null ? null : endNs + shiftNs - onTheWayNs,
  };
}

function running({ startedAt, endedAt }: Provenance): Coverage {
  const parse = (time: string | null) => (time === null ? null : BigInt(Date.parse(time)) * 1_000_000n);
  return { startNs: parse(startedAt), endNs: parse(endedAt) };
}

function chosenByTime({ details }: Provenance): boolean {
  if (typeof details.traffic !== "string") return false;
  const chosen = JSON.parse(details.traffic) as object;
  return "from" in chosen || "to" in chosen;
}

/** What a filter of single packets, or a query, left out, looks like loss. */
export function cutWarnings(tables: readonly Table[]): string[] {
  const cut = tables.some(
    ({ provenance: { details } }) => details.filter !== "" || details.sql !== undefined,
  );
  return cut ? ["packets were left out by a filter or a query: they look as if they were lost"] : [];
}
