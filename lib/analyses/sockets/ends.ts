import { SkbookError } from "../../errors/index.js";
import type { Table, Value } from "../../tables/index.js";
import type { CheckedFilter } from "./options.js";

/** A connection that carried less than this part of the largest one's data is its control connection, or has nothing to do with it. */
const smallPart = 0.01;

/** One transfer, as each end names it. */
export interface One {
  flow: string;
  /** The same as the receiver names it. */
  peer: string;
}

/** Finds the connection that is meant, among those of the sender. */
export async function chooseOne(connections: Table, flow: string | undefined): Promise<One> {
  const wrong = (failed: string, todo: string) =>
    new SkbookError({ code: "BAD_PARAMETER", tried: "find the transfer of socketPipeline", failed, todo });
  const found = await connections.sql(
    `WITH carried AS (SELECT flow, max(acked_bytes) AS acked FROM this ${flow === undefined ? "WHERE acked_bytes > received_bytes AND acked_bytes > 0" : ""} GROUP BY flow),
       large AS (SELECT * FROM carried WHERE acked IS NULL OR acked >= ${smallPart} * (SELECT max(acked) FROM carried))
     SELECT flow, count(*) OVER () AS flows FROM large ORDER BY acked DESC NULLS LAST LIMIT 5`,
  );
  const rows = found.values as Value[][];
  const [[name, flows] = []] = rows;
  if (name === undefined) {
    throw wrong(
      flow === undefined
        ? "no connection carried data from the sender"
        : `the sender's samples have no connection ${flow}`,
      "see which there are: await sender.sql('SELECT DISTINCT flow FROM this'); the first argument is the end that sends",
    );
  }
  if (Number(flows) > 1) {
    throw wrong(
      `${flows} connections carried data`,
      `give one as flow, to transferReport the port of its client as port: ${rows.map(([one]) => JSON.stringify(one)).join(", ")}`,
    );
  }
  const [own, peer] = String(name).split(" → ");
  return { flow: String(name), peer: `${peer} → ${own}` };
}

/** Names of some connections of the receiver. */
export async function peersOf(receiver: Table): Promise<string[]> {
  const found = await receiver.sql("SELECT DISTINCT flow FROM this ORDER BY flow LIMIT 5");
  return (found.values as Value[][]).map(([one]) => String(one));
}

/** What is said where the receiver has no such connection. */
export function noPeer({ flow, peer }: One, there: string[]): SkbookError {
  return new SkbookError({
    code: "NO_SUCH_PEER",
    tried: `find the other end of ${flow}`,
    failed: `the receiver's samples have no ${peer}; they have ${there.length === 0 ? "none at all" : there.join(", ")}`,
    todo: "sample the same connection at both ends at the same time; behind address translation the two ends have other names: use socketSummary of each",
  });
}

/**
 * The same moments for the receiver's samples: seconds count since the sender's first sample, so that both ends are looked at in the same time, by their clocks.
 */
export async function momentsOfReceiver(
  sender: Table,
  receiver: Table,
  { from, to }: Pick<CheckedFilter, "from" | "to">,
): Promise<Pick<CheckedFilter, "from" | "to">> {
  const first = async (samples: Table) => {
    const [[ns] = []] = (await samples.sql("SELECT CAST(min(time_ns) AS VARCHAR) FROM this"))
      .values as Value[][];
    return ns == null ? null : BigInt(String(ns));
  };
  const [own, peer] = [await first(sender), await first(receiver)];
  const later = own === null || peer === null ? 0 : Number(peer - own) / 1e9;
  const shifted = (moment: number | string | undefined) =>
    typeof moment === "number" ? moment - later : moment;
  return {
    ...(from === undefined ? {} : { from: shifted(from) }),
    ...(to === undefined ? {} : { to: shifted(to) }),
  };
}
