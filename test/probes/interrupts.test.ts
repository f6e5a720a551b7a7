import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, dropEvents, type Host } from "../../lib/index.js";
import { enterCell } from "../fixtures/cell.js";
import { describeLive } from "../fixtures/needs.js";
import { eventually, processesWith } from "../fixtures/processes.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";

describeLive("a cell that measures can be interrupted", ["root", "bpftrace", "sshd", "tracing"], () => {
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

  /** A filter that no other test uses, so that its bpftrace can be told from others. */
  let port = 40_000 + (process.pid % 20_000);

  /** Begins to measure, interrupts when `moment` has come, and expects nothing to be left. */
  async function interruptedAt(
    moment: (probe: { running(): number[]; measures: Promise<void> }) => Promise<unknown>,
    on: () => Promise<Host> = async () => host,
  ): Promise<unknown> {
    port += 1;
    const running = () => processesWith(`$dport == ${port}`, "bpftrace ");
    const cell = enterCell("interrupted");
    let measuring = () => {};
    const measures = new Promise<void>((resolve) => {
      measuring = resolve;
    });
    const call = on().then((target) =>
      dropEvents(target, { seconds: 60, dstPort: port, during: async () => measuring() }),
    );
    const ended = call.then(
      () => "whole",
      ({ code }) => code,
    );
    let code: unknown;
    try {
      await Promise.race([moment({ running, measures }), ended]);
    } finally {
      cell.interrupt();
      code = await ended;
      cell();
    }
    expect(await eventually(6, () => running().length === 0)).toBe(true);
    return code;
  }

  /** Looks more often than {@link eventually}, for what lasts some milliseconds. */
  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await sleep(5);
  }

  test("while it connects", async () => {
    const on = () => connect(sshd.destination, sshd.options);
    expect(await interruptedAt(() => sleep(20), on)).toBe("INTERRUPTED");
  });

  test("while the host is asked what it has", async () => {
    const other = await connect(sshd.destination, sshd.options);
    try {
      expect(
        await interruptedAt(
          () => sleep(10),
          async () => other,
        ),
      ).toBe("INTERRUPTED");
    } finally {
      await other.close();
    }
  });

  test("while the program is compiled and attached", async () => {
    expect(await interruptedAt(({ running }) => until(() => running().length > 0))).toBe("INTERRUPTED");
  });

  test("while it measures", async () => {
    expect(await interruptedAt(({ measures }) => measures)).toBe("INTERRUPTED");
  });

  test("while the program is taken away", async () => {
    // What was done meanwhile is over: half a second later the program is told to end.
    const ending = async ({ measures }: { measures: Promise<void> }) => {
      await measures;
      await sleep(600);
    };
    expect(["INTERRUPTED", "whole"]).toContain(await interruptedAt(ending));
  });

  test("while its end is being proved", async () => {
    const gone = async ({ running, measures }: { running(): number[]; measures: Promise<void> }) => {
      await measures;
      await until(() => running().length === 0);
    };
    expect(["INTERRUPTED", "whole"]).toContain(await interruptedAt(gone));
  });
});
