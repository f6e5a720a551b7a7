import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { capture, dropEvents, dropSummary, localhost, softirqSummary } from "../../lib/index.js";
import { cutShort } from "../../lib/probes/engine/cut-short.js";
import { describeLive } from "../fixtures/needs.js";
import { eventually, own, processesWith } from "../fixtures/processes.js";
import { someOf } from "../fixtures/sweep.js";

/** What somebody who works on the host does, soon after what measures has begun; it has no part in the end of the call. */
function killed(signal: NodeJS.Signals, program: string, text = "") {
  const by = {
    at: "",
    during: async () => {
      await sleep(500);
      const pids = own(processesWith(text, program));
      expect(pids.length).toBeGreaterThan(0);
      for (const pid of pids) process.kill(pid, signal);
      const left = () => processesWith(text, program).filter((pid) => pids.includes(pid));
      expect(await eventually(20, () => left().length === 0)).toBe(true);
      // A ring is brought behind the end of its tool.
      await sleep(1_000);
      by.at = new Date().toISOString();
    },
  };
  return by;
}

describeLive("a probe that somebody on the host ends", ["root", "bpftrace", "tracing"], () => {
  const probes = { dropEvents, dropSummary, softirqSummary };
  const cases = [
    ["dropEvents", "SIGTERM", dropEvents],
    ["dropEvents", "SIGINT", dropEvents],
    ["softirqSummary", "SIGINT", softirqSummary],
    ["dropSummary", "SIGTERM", dropSummary],
  ] as const;
  test.each(someOf("probes that somebody on the host ends", cases, 2))(
    "%s, %s: is partial, and says when",
    async (_, signal, probe) => {
      const by = killed(signal, "bpftrace ");
      const { provenance } = await probe(localhost(), { seconds: 60, during: by.during });
      expect(provenance.partial).toBe(true);
      expect(provenance.notes.join()).toMatch(
        /not whole: it measured for \d+\.\d of 60 s: .*somebody on the host/,
      );
      expect(provenance.endedAt).not.toBeNull();
      expect(String(provenance.endedAt) < by.at).toBe(true);
      expect(provenance.details.detached).toBe("proved");
    },
  );

  test("ends whole by its time, and with what it was to watch", async () => {
    for (const probe of Object.values(probes)) {
      const results = [
        await probe(localhost(), { seconds: 0.6 }),
        await probe(localhost(), { seconds: 60, during: () => sleep(300) }),
      ];
      for (const { provenance } of results) expect(provenance).toMatchObject({ partial: false, lost: 0 });
    }
  });
});

describeLive("a capture that somebody on the host ends", ["root", "dumpcap"], () => {
  const device = "lo";
  const ring = { lastBytes: 2 ** 20 };
  const cases = [
    ["what streams", "SIGTERM", {}],
    ["what streams", "SIGKILL", {}],
    ["a ring", "SIGKILL", ring],
    ["a ring", "SIGINT", ring],
  ] as const;
  test.each(someOf("captures that somebody on the host ends", cases, 2))(
    "%s, %s: is partial, and says when",
    async (_, signal, kind) => {
      const by = killed(signal, "/usr/bin/dumpcap ");
      const { provenance } = await capture(localhost(), { device, seconds: 60, during: by.during, ...kind });
      expect(provenance).toMatchObject({ partial: true, truncated: false, details: { stoppedBy: "tool" } });
      expect(provenance.notes.join()).toMatch(/not whole: dumpcap ended by itself/);
      expect(String(provenance.endedAt) < by.at).toBe(true);
    },
  );

  test("a ring whose keeper is killed is an error", async () => {
    const { during } = killed("SIGKILL", "sh -c", "skbook-ring");
    const call = capture(localhost(), { device, seconds: 60, during, lastBytes: 2 ** 20 });
    await expect(call).rejects.toMatchObject({ code: "CAPTURE_FAILED" });
  });

  test("is whole by its time, its packets and what it was for", async () => {
    const traffic = () => localhost().exec(["ping", "-q", "-i", "0.05", "-c", "20", "127.0.0.1"]);
    const bounds = [{ seconds: 1 }, { maxPackets: 10, during: traffic }, { during: traffic }];
    const all = [...bounds, { lastBytes: 2 ** 20, during: traffic }].map((options) =>
      capture(localhost(), { device, seconds: 60, ...options }),
    );
    for (const { provenance } of await Promise.all(all)) expect(provenance.partial).toBe(false);
  });
});

describe("whether a run is whole", () => {
  const ends = { exitCode: 0, endedEarly: false };
  const account = { firstTick: "1000000000", counted: true };

  test.each([
    ["its time was over", "2749999999", ends, null],
    [
      "it was ended before",
      "1400000000",
      ends,
      /^it measured for 0\.7 of 2 s: bpftrace ended without an error/,
    ],
    ["it was told to end before", "1400000000", { exitCode: 0, endedEarly: true }, null],
    ["a case from before it was kept doesn't say", "1400000000", { exitCode: 0 }, null],
    ["it never said its end", null, ends, /its program didn't say when$/],
    ["it ended with an error, which says it all", "1400000000", { exitCode: 1, endedEarly: false }, null],
  ] as const)("%s", (_, end, outcome, why) => {
    const said = cutShort(2, outcome, { ...account, end }, true);
    if (why === null) expect(said).toBeNull();
    else expect(said).toMatch(why);
  });

  test("a case from before it was kept, which nothing could end before its time", () => {
    expect(cutShort(2, { exitCode: 0 }, { ...account, end: "1400000000" }, false)).not.toBeNull();
  });
});
