import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import * as skbook from "../../lib/index.js";
import {
  bpftrace,
  canRun,
  connect,
  defineProbe,
  dropSummary,
  type Host,
  localhost,
} from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { processesWith } from "../fixtures/processes.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";

type Call = (host: Host, parameters: { seconds: number }) => Promise<unknown>;
const probes = Object.values(skbook).filter(
  (value) => typeof value === "function" && "definition" in value,
) as unknown as (Call & {
  definition: { name: string };
})[];

describeLive("what can run on a host", ["root", "bpftrace", "sshd", "tracing"], () => {
  let sshd: Sshd;
  let host: Host;
  beforeAll(async () => {
    sshd = await startSshd();
    host = await connect(sshd.destination, sshd.options);
  });
  afterAll(async () => {
    await host?.close();
    sshd?.stop();
  });

  const own = (hooks: object) =>
    defineProbe({
      name: "ofMyOwn",
      shape: "frame",
      measures: "nothing",
      parameters: z.strictObject({}),
      hooks,
      columns: [{ name: "count", type: "BIGINT", unit: "packets", meaning: "events" }],
      program: () => bpftrace`tracepoint:skb:kfree_skb { @matched = count(); }`,
      decode: () => [],
    });

  test("speaks of every probe, and what it says runs, runs", async () => {
    const frame = await canRun(host);
    const rows = frame.values as [string, boolean, string | null, string | null, string | null][];
    expect(rows.map(([name]) => name).sort()).toEqual(probes.map(({ definition }) => definition.name).sort());
    expect(rows.some(([, runs]) => runs)).toBe(true);
    for (const [name, runs, missing, , why] of rows) {
      const call = (probes.find(({ definition }) => definition.name === name) as Call)(host, { seconds: 1 });
      if (runs) await call;
      else {
        expect(missing).not.toBeNull();
        // Which parts it could have done without is said behind.
        const error = await call.catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: "HOOK_MISSING" });
        expect(why).toContain((error as { failed: string }).failed);
      }
    }
  });

  test("names the hook that is missing, and loads nothing", async () => {
    const needs = own({ required: ["tracepoint:skb:kfree_skb", "tracepoint:skb:no_such_event"] });
    const could = own({ optional: ["kprobe:no_such_function", "tracepoint:skb:kfree_skb"] });
    expect((await canRun(host, needs)).values).toEqual([
      [
        "ofMyOwn",
        false,
        "tracepoint:skb:no_such_event",
        null,
        expect.stringContaining("has no tracepoint:skb:no_such_event"),
        expect.any(String),
      ],
    ]);
    expect((await canRun(host, could)).values).toEqual([
      ["ofMyOwn", true, null, "kprobe:no_such_function", expect.any(String), expect.any(String)],
    ]);
    expect(processesWith("no_such", "bpftrace ")).toEqual([]);
  });

  test("says the same of this machine", async () => {
    const seen = (frame: skbook.Frame) => frame.values;
    expect(seen(await canRun(localhost(), dropSummary))).toEqual(seen(await canRun(host, dropSummary)));
  });
});
