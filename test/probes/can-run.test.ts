import { afterAll, beforeAll, expect, test } from "vitest";
import { canRun, connect, dropSummary, type Frame, type Host, localhost } from "../../lib/index.js";
import { bpf, defineCounts } from "../../lib/probes/index.js";
import { expectThatItRuns } from "../fixtures/catalogue.js";
import { describeLive } from "../fixtures/needs.js";
import { processesWith } from "../fixtures/processes.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";

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
    defineCounts({
      name: "ofMyOwn",
      measures: "nothing",
      hooks,
      fields: [],
      total: { name: "count", unit: "packets", meaning: "events" },
      program: () => bpf`tracepoint:skb:kfree_skb { @counts = count(); }`,
    });

  test("speaks of every probe, and what it says runs, runs", () => expectThatItRuns(host), 480_000);

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
    const seen = (frame: Frame) => frame.values;
    expect(seen(await canRun(localhost(), dropSummary))).toEqual(seen(await canRun(host, dropSummary)));
  });
});
