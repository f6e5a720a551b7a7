import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flows, rttSamples, tcpEndings, tcpGaps, tcpHealth, tcpWaits } from "../../lib/analyses/index.js";
import { type Capture, openCapture } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { sweep } from "../fixtures/sweep.js";
import { ask, rowsOf } from "./ask.js";
import { writeCapture } from "./build.js";
import { connections, type Known } from "./connections.js";

const perCapture = 100;
const captures = sweep("captures of 100 made-up connections", 20, 2);

const folder = ownFolder();

const kinds = ["fast", "recovery", "rto", "spurious"];

/** What is found of each connection, in the words of what is known. */
async function foundIn(capture: Capture): Promise<Map<string, Known>> {
  const ends = await rowsOf(
    flows(capture, { proto: "tcp" }),
    "SELECT flow, client_port, tunnel_id FROM this",
  );
  const endings = new Map(
    (await rowsOf(tcpEndings(capture), 'SELECT flow, ending, "by" FROM this')).map(([flow, ...rest]) => [
      flow,
      rest,
    ]),
  );
  const health = await rowsOf(
    tcpHealth(capture),
    `SELECT flow, sender, payload_bytes, resent_bytes, out_of_order, duplicate_acks, keep_alives, zero_windows, unseen_acked,
      ${kinds.map((kind) => `${kind}_retransmissions`)} FROM this`,
  );
  const gaps = await rowsOf(
    tcpGaps(capture),
    "SELECT flow, explanation, missing_bytes FROM this ORDER BY tcp_seq",
  );
  const found = new Map<string, Known>();
  for (const [flow, port, vni] of ends) {
    const sides = health.filter(([of]) => of === flow);
    const sending = sides.find(([, , payload]) => Number(payload) > 0) as unknown[];
    const receiving = (sides.find((side) => side !== sending) ?? []) as unknown[];
    const [, sender, , resentBytes, outOfOrder, , keepAlives, , , ...byKind] = sending as [
      string,
      Known["sender"],
      ...number[],
    ];
    const [, , , , , duplicateAcks, , zeroWindows, unseenAcks] = receiving as [string, string, ...number[]];
    const [ending, endedBy] = endings.get(flow) as [string, Known["endedBy"]];
    const resent = Object.fromEntries(
      kinds.map((kind, index) => [kind, byKind[index]]).filter(([, count]) => count !== 0),
    );
    const one = {
      ...{
        port: Number(port),
        vni: vni === null ? null : Number(vni),
        sender,
        resentBytes,
        resent,
        outOfOrder,
      },
      ...{ duplicateAcks, keepAlives, zeroWindows, unseenAcks, ending, endedBy },
      gaps: gaps.filter(([of]) => of === flow).map(([, ...gap]) => gap as Known["gaps"][number]),
    };
    found.set(`${port} ${vni}`, one as Known);
  }
  return found;
}

describe("connections of which all is known", { timeout: 120_000 }, () => {
  it.each(Array.from({ length: captures }, (_, index) => index))("capture %i", async (index) => {
    const path = join(folder, `${index}.pcap`);
    const { frames, known } = connections(index * perCapture, perCapture);
    writeCapture(path, frames);
    const capture = await openCapture(path);
    const found = await foundIn(capture);
    for (const each of known)
      expect(found.get(`${each.port} ${each.vni}`), `port ${each.port} ${each.vni}`).toEqual(each);
    expect(found.size).toBe(known.length);
    const parts = [
      ...["handshake", "handshake_loss", "loss", "client", "server", "client_window", "server_window"],
      ...["path", "idle", "closing", "unknown"],
    ];
    const waits = await tcpWaits(capture);
    const sum = parts.map((part) => `${part}_ns`).join(" + ");
    const account = `SELECT count(*), bool_and(duration_ns = ${sum}), bool_and(unknown_ns >= 0) FROM this`;
    expect(await ask(waits, account)).toEqual([known.length, true, true]);
    const durations = "SELECT CAST(sum(duration_ns) AS BIGINT) FROM this";
    expect(await ask(waits, durations)).toEqual(await ask(flows(capture, { proto: "tcp" }), durations));
    expect(
      await ask(rttSamples(capture), "SELECT count(*) > 0, count(*) FILTER (rtt_ns < 0) FROM this"),
    ).toEqual([true, 0]);
  });
});
