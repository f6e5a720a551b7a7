import type { Table } from "../../tables/index.js";
import { oneOf } from "../options.js";
import { rowsOf } from "../rows.js";

/** One of the two sides of a connection. */
export type Side = "client" | "server";

/** Whose data a figure shows: as told, else who sent the most payload. */
export async function sideOf(figure: string, segments: Table, wanted: Side | undefined): Promise<Side> {
  if (wanted !== undefined) {
    oneOf(figure, "sender", wanted, ["client", "server"]);
    return wanted;
  }
  const [[busiest] = []] = await rowsOf(
    segments,
    "SELECT sender FROM this GROUP BY sender ORDER BY sum(payload_bytes) DESC, sender LIMIT 1",
  );
  return busiest === "server" ? "server" : "client";
}

/** What one side sent in payload. */
export interface Sent {
  packets: number;
  bytes: number;
  resentPackets: number;
  resentBytes: number;
}

export async function sentBy(segments: Table, side: Side): Promise<Sent> {
  const [[packets, bytes, resentPackets, resentBytes] = []] = await rowsOf(
    segments,
    `SELECT count(*)::DOUBLE, coalesce(sum(payload_bytes), 0)::DOUBLE, (count(*) FILTER (retransmission))::DOUBLE,
       coalesce(sum(payload_bytes) FILTER (retransmission), 0)::DOUBLE
     FROM this WHERE sender = '${side}' AND payload_bytes > 0`,
  );
  const [a = 0, b = 0, c = 0, d = 0] = [packets, bytes, resentPackets, resentBytes].map(Number);
  return { packets: a, bytes: b, resentPackets: c, resentBytes: d };
}
