import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bestOf } from "../../lib/hosts/clock-offset.js";
import { syncOf } from "../../lib/hosts/sync.js";
import { ClockOffset, clockOffset, connect, live, localhost, record, replay } from "../../lib/index.js";
import { startFlakyProxy } from "../fixtures/flaky-proxy.js";
import { describeLive } from "../fixtures/needs.js";
import { eventually, processesWith } from "../fixtures/processes.js";
import { startSshd } from "../fixtures/sshd.js";

const synchronised = { synchronised: true, said: "chrony: Normal", maxError_ns: 1_000 };

describe("the offset of two clocks", () => {
  test("lies within its error, however the delay is shared between the two ways", () => {
    const truth = 1_790_000_000_000_000_000n;
    for (const there of [0n, 100_000n, 900_000n, 1_000_000n]) {
      const exchanges = [3n, 1n, 7n].map((times, index) => {
        const sent = BigInt(index) * 1_000_000_000n;
        const received = sent + times * there + truth;
        const answered = received + 50_000n;
        return [sent, received, answered, answered - truth + times * (1_000_000n - there)] as const;
      });
      const { offset, rtt, error, at } = bestOf(exchanges);
      expect(rtt).toBe(1_000_000n);
      expect(at).toBeGreaterThan(1_000_000_000n);
      expect(offset - truth <= error && truth - offset <= error).toBe(true);
    }
  });

  test("is not surer than the size of a step that the clock made meanwhile", () => {
    // Sent, received and answered, arrived; the clock goes forward by 3 ms between the second exchange and the third.
    const at = (sent: bigint, rtt: bigint, clock: bigint) =>
      [sent, sent + rtt / 2n + clock, sent + rtt / 2n + clock, sent + rtt] as const;
    const calm = [at(0n, 200_000n, 500n), at(1_000_000n, 100_000n, 500n), at(2_000_000n, 300_000n, 500n)];
    expect(bestOf(calm)).toMatchObject({ offset: 500n, error: 51_000n });
    const stepped = [...calm.slice(0, 2), at(2_000_000n, 300_000n, 3_000_500n)];
    expect(bestOf(stepped)).toMatchObject({ offset: 500n, error: 3_151_000n });
  });

  test("times of two hosts are subtracted only where the bound is smaller than the difference", () => {
    const offset = new ClockOffset("a", "b", 5_000_000n, 1_000_000n, 100n, {
      rtts: [1n, 1n],
      syncs: [synchronised, synchronised],
    });
    expect(offset.between(1_000n, 5_001_000n + 1_000_001n)).toBe(1_000_001n);
    expect(offset.between(1_000n, 5_001_000n - 1_000_001n)).toBe(-1_000_001n);
    expect(() => offset.between(1_000n, 5_001_000n + 1_000_000n)).toThrow(/CLOCK_UNSURE/);
    // Ten seconds later, the clocks may have drifted apart by 10 ms.
    expect(() => offset.between(10_000_000_000n, 10_007_900_000n)).toThrow(/CLOCK_UNSURE.*±10999999 ns/s);
  });

  test.each([
    [
      "chrony, in step",
      {
        chrony:
          "Leap status     : Normal\nSystem time     : 0.000002 seconds slow of NTP time\nRoot delay      : 0.002 seconds\nRoot dispersion : 0.0005 seconds",
      },
      true,
      1_502_000,
    ],
    [
      "chrony, not in step",
      { chrony: "System time     : 0.0 seconds fast of NTP time\nLeap status     : Not synchronised" },
      false,
      null,
    ],
    ["ntpd", { ntpq: "leap=00, stratum=3, offset=0.2", adjtimex: "0 16000 1" }, true, 16_000_000],
    ["the kernel", { adjtimex: "0 500 1" }, true, 500_000],
    ["a kernel that nothing disciplines", { adjtimex: "5 16000000 64" }, false, null],
    ["systemd", { timedatectl: "NTP=yes\nNTPSynchronized=yes" }, true, null],
    ["nothing", {}, null, null],
  ])("%s says whether the clock is synchronised", (_, sections, is, maxError) => {
    expect(syncOf(sections)).toMatchObject({ synchronised: is, maxError_ns: maxError });
  });
});

/** Measures anew where this machine's clock was set meanwhile, as that of a virtual machine may be at any time: against a monotonic one it is elsewhere then. */
async function whileNotSet<T>(measure: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const before = bestOf(await localhost().exchangeTimes(40));
    const measured = await measure();
    const after = bestOf(await localhost().exchangeTimes(40));
    const moved = after.offset - before.offset;
    const [most, drift] = [before.error + after.error, (after.at - before.at) / 1_000n];
    if (attempt === 5 || (moved <= most + drift && -moved <= most + drift)) return measured;
  }
}

describeLive("clocks of hosts", ["sshd"], () => {
  test("of one machine agree within the error; a replay says the same", async () => {
    const sshd = await startSshd();
    const folder = mkdtempSync(join(tmpdir(), "skbook-offset-"));
    try {
      const host = await connect(sshd.destination, sshd.options);
      const { measured, recorded } = await whileNotSet(async () => {
        const recorded = mkdtempSync(join(folder, "case-"));
        await record(join(recorded, "case"));
        const measured = await clockOffset(localhost(), host);
        live();
        return { measured, recorded };
      });
      const { offset_ns, error_ns } = measured;
      expect(offset_ns <= error_ns && -offset_ns <= error_ns).toBe(true);
      expect(error_ns).toBeGreaterThan(1_000n);
      const now = BigInt(Date.now()) * 1_000_000n;
      expect(() => measured.between(now, now + 500n)).toThrow(/CLOCK_UNSURE/);
      await host.close();
      await replay(join(recorded, "case"));
      const replayed = await connect(sshd.destination);
      expect((await clockOffset(localhost(), replayed)).frame.values).toEqual(measured.frame.values);
    } finally {
      live();
      sshd.stop();
      rmSync(folder, { recursive: true });
    }
  });

  test("are read over one connection as often as one likes: no session stays open", async () => {
    const sshd = await startSshd();
    try {
      const host = await connect(sshd.destination, sshd.options);
      // A connection has nine.
      for (let time = 0; time < 12; time++) expect(await host.exchangeTimes(3)).toHaveLength(3);
      await host.close();
    } finally {
      sshd.stop();
    }
  });

  /** Lines of a server whose commands find no bash, and a clock that is 5 s ahead. */
  const withoutBash = (folder: string) => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const name of readdirSync("/usr/bin"))
      if (!["bash", "date"].includes(name)) symlinkSync(join("/usr/bin", name), join(bin, name));
    writeFileSync(join(bin, "date"), "#!/bin/sh\necho $(($(/usr/bin/date +%s%N) + 5000000000))\n");
    chmodSync(join(bin, "date"), 0o755);
    return [`SetEnv PATH=${bin} HOME=${folder}`];
  };

  test("a clock that is 5 s off is seen to be, by date where there is no bash", async () => {
    const sshd = await startSshd({ lines: withoutBash });
    try {
      const host = await connect(sshd.destination, sshd.options);
      const { offset_ns, error_ns } = await clockOffset(localhost(), host, { exchanges: 10 });
      const off = offset_ns - 5_000_000_000n;
      expect(off <= error_ns && -off <= error_ns).toBe(true);
      expect(error_ns).toBeLessThan(2_500_000_000n);
      await host.close();
    } finally {
      sshd.stop();
    }
  });

  test.each([
    ["bash", () => []],
    ["date", withoutBash],
  ])("what answers by %s is gone 5 s after the connection fell silent", async (_, lines) => {
    const sshd = await startSshd({ lines });
    const proxy = await startFlakyProxy(sshd);
    try {
      const host = await connect(proxy.destination, { ...proxy.options, keepaliveSeconds: 1 });
      const running = () => processesWith("echo", "timeout 60 ").length > 0;
      const asking = host.exchangeTimes(1_000_000);
      asking.catch(() => {});
      expect(await eventually(30, running)).toBe(true);
      proxy.freeze();
      expect(await eventually(5, () => !running())).toBe(true);
      await expect(asking).rejects.toMatchObject({ code: "CLOCK_UNREADABLE" });
      await host.close();
    } finally {
      proxy.close();
      sshd.stop();
    }
  });
});
