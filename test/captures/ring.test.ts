import { createSocket } from "node:dgram";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { capture, openCapture, packets } from "../../lib/captures/index.js";
import { live, record, replay } from "../../lib/cases/index.js";
import { connect, type Host, localhost } from "../../lib/index.js";
import { enterCell } from "../fixtures/cell.js";
import { type FlakyProxy, startFlakyProxy } from "../fixtures/flaky-proxy.js";
import { describeLive, onPath } from "../fixtures/needs.js";
import { eventually, processesWith } from "../fixtures/processes.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import { ask } from "./ask.js";

let folder: string;
const { PATH } = process.env;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
});
afterEach(() => {
  process.env.PATH = PATH;
  live();
});
afterAll(() => rmSync(folder, { recursive: true }));

const port = 47_031;
const filter = `udp dst port ${port}`;
const payload = 1_000;
/** A ring that only a question ends, in a test's time. */
const ringOf60 = { device: "lo", filter, lastBytes: 100_000, seconds: 60 };

/** Sends numbered datagrams; their IP length tells nothing, their order in the capture does. */
async function send(count: number, pauseMs = 0): Promise<void> {
  const socket = createSocket("udp4");
  for (let sent = 0; sent < count; sent++) {
    const last = sent === count - 1;
    await new Promise<void>((resolve, reject) => {
      const body = Buffer.alloc(last ? payload - 1 : payload);
      socket.send(body, port, "127.0.0.1", (error) => (error ? reject(error) : resolve()));
    });
    if (pauseMs > 0) await sleep(pauseMs);
  }
  socket.close();
}

/** Mount points of rings in any process' namespace, and what runs for one. */
function rings(): string[] {
  const mounted = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes("skbook-ring");
      } catch {
        return false;
      }
    });
  return [...mounted, ...processesWith(filter).map(String)];
}

/** A PATH without some programs of /usr/bin, and with others. */
function programs(without: string[], own: Record<string, string> = {}): string {
  const bin = mkdtempSync(join(folder, "bin-"));
  const hidden = [...without, ...Object.keys(own)];
  for (const name of readdirSync("/usr/bin"))
    if (!hidden.includes(name)) symlinkSync(join("/usr/bin", name), join(bin, name));
  for (const [name, script] of Object.entries(own)) writeFileSync(join(bin, name), script, { mode: 0o755 });
  return bin;
}

const kept = "SELECT count(*), arg_max(udp_len_bytes, frame), sum(captured_bytes) FROM this";

describeLive("a capture of the last packets", ["root", "dumpcap"], () => {
  it("has the last so many bytes, whatever came before, and nothing stays on the host", async () => {
    const before = readdirSync("/mnt");
    const seen = await capture(localhost(), {
      device: "lo",
      filter,
      lastBytes: 200_000,
      during: () => send(2_000),
    });
    const [count, length, bytes] = (await ask(packets(seen), kept)) as [number, number, number];
    expect(length).toBe(payload - 1);
    expect(bytes).toBeGreaterThanOrEqual(200_000 * 0.9);
    expect(bytes).toBeLessThan(200_000 * 1.35);
    expect(seen.provenance).toMatchObject({ truncated: true, partial: false, lost: 0 });
    expect(seen.provenance.notes).toEqual([`Only the last ${count} packets are here, of 2,000.`]);
    expect(seen.provenance.details.stoppedBy).toBe("during");
    expect(rings()).toEqual([]);
    expect(readdirSync("/mnt")).toEqual(before);
  });

  it("has all where all fits, of several devices that are told apart", async () => {
    const device = ["lo", "any"];
    const seen = await capture(localhost(), { device, filter, lastBytes: 2e6, during: () => send(100) });
    const by = await ask(
      packets(seen),
      "SELECT count(*) FILTER (interface = 0), count(*) FILTER (interface = 1), count(DISTINCT interface) FROM this",
    );
    expect(by).toEqual([100, 100, 2]);
    expect(seen.provenance).toMatchObject({ truncated: false, notes: [] });
    const late = await capture(localhost(), { device, filter, lastBytes: 200_000, during: () => send(500) });
    const interfaces = "SELECT count(DISTINCT interface), max(interface), count(*) < 1000 FROM this";
    expect(await ask(packets(late), interfaces)).toEqual([2, 1, true]);
  });

  it.skipIf(!onPath("tcpdump"))("is made by tcpdump, too", async () => {
    process.env.PATH = programs(["dumpcap"]);
    const seen = await capture(localhost(), {
      device: "lo",
      filter,
      lastBytes: 1e6,
      during: () => send(9_000),
    });
    const [count, length] = (await ask(packets(seen), kept)) as [number, number];
    expect(length).toBe(payload - 1);
    expect(count).toBeGreaterThan(3_500);
    expect(count).toBeLessThan(5_500);
    expect(seen.provenance.truncated).toBe(true);
    const times = await ask(
      packets(seen),
      "SELECT count(*) FILTER (time_ns < before) FROM (SELECT time_ns, lag(time_ns) OVER (ORDER BY frame) AS before FROM this)",
    );
    expect(times).toEqual([0]);
    await expect(capture(localhost(), { device: "lo", lastSeconds: 2 })).rejects.toMatchObject({
      code: "TOOL_MISSING",
    });
    expect(rings()).toEqual([]);
  });

  it("ends although its tool hangs, and has what that had written", async () => {
    const seen = await capture(localhost(), {
      device: "lo",
      filter,
      lastBytes: 100_000,
      seconds: 60,
      during: async () => {
        await send(40);
        await sleep(2_000);
        const isTool = (pid: string) => readFileSync(`/proc/${pid}/comm`, "utf8") === "dumpcap\n";
        process.kill(Number(rings().find(isTool)), "SIGSTOP");
      },
    });
    expect(seen.facts.packets).toBe(40);
    expect(rings()).toEqual([]);
  });

  it("has the last so many seconds", async () => {
    const seen = await capture(localhost(), {
      device: "lo",
      filter,
      lastSeconds: 4,
      seconds: 30,
      during: () => send(90, 100),
    });
    const { durationSeconds, packets: count } = seen.facts;
    // Five files of one second, the last of which has just begun or is about to end.
    expect(durationSeconds).toBeGreaterThan(3);
    expect(durationSeconds).toBeLessThan(7);
    expect(count).toBeLessThan(90);
    expect(await ask(packets(seen), kept)).toEqual([count, payload - 1, expect.any(Number)]);
  });

  it("ends when a question is answered with yes, which a replay asks as often", async () => {
    const flag = join(folder, "failed");
    const cell = async () => {
      let asked = 0;
      const host = localhost();
      const seen = await capture(host, {
        ...ringOf60,
        until: async () => {
          asked += 1;
          if ((await host.exec(["test", "-e", flag])).exitCode === 0) return true;
          await send(20);
          if (asked === 2) writeFileSync(flag, "");
          return false;
        },
      });
      return {
        asked,
        sha256: seen.sha256,
        notes: seen.provenance.notes,
        by: seen.provenance.details.stoppedBy,
        facts: seen.facts,
      };
    };
    await record(join(folder, "case"));
    const recorded = await cell();
    expect(recorded).toMatchObject({ asked: 3, by: "until", facts: { packets: 40 } });
    await replay(join(folder, "case"));
    expect(await cell()).toEqual(recorded);
  });

  it("ends at once where its connection has no room for another run", async () => {
    const sshd = await startSshd();
    const host = await connect(sshd.destination, sshd.options);
    const seconds = String(7_000_000 + process.pid);
    const runs = Array.from({ length: 6 }, () => host.start(["sleep", seconds], { deadlineSeconds: 100 }));
    const read = runs.map(async (run) => {
      for await (const _ of run);
    });
    try {
      const seen = await capture(host, {
        ...ringOf60,
        until: async () => {
          await send(20);
          return true;
        },
      });
      expect(seen.provenance.details.stoppedBy).toBe("until");
      expect(seen.facts.packets).toBe(20);
      expect(processesWith(`sleep ${seconds}`).length).toBeGreaterThan(0);
    } finally {
      for (const run of runs) run.stop();
      await Promise.all(read);
      await host.close();
      sshd.stop();
    }
  });

  it("says what went wrong, and leaves nothing", async () => {
    const host = localhost();
    const ring = { device: "lo", filter, lastBytes: 100_000, seconds: 30 };
    const refused = async (options: object, code: string) =>
      expect(capture(host, { ...ring, ...options })).rejects.toMatchObject({ code });
    await refused({ until: () => Promise.reject(new Error("no route")) }, "UNTIL_FAILED");
    await refused({ device: "nosuch0", filter: "" }, "UNKNOWN_DEVICE");
    await refused({ maxPackets: 10 }, "BAD_PARAMETER");
    await refused({ lastBytes: 10 }, "BAD_PARAMETER");
    await refused({ until: true }, "BAD_PARAMETER");
    const started = vi.spyOn(host, "start");
    await refused({ filter: "udp prot 1" }, "BAD_FILTER");
    await refused({ device: ["lo", "any"], filter: "udp port nosuch-port-name" }, "BAD_FILTER");
    const commands = started.mock.calls.map(([command]) => command);
    started.mockRestore();
    // The tool was looked for, and asked to compile.
    expect(commands).toHaveLength(4);
    expect(commands.filter((command) => command.includes("-w"))).toEqual([]);
    process.env.PATH = programs([], {
      awk: '#!/bin/sh\ncase "$*" in *MemAvailable*) echo 1000;; *) exec /usr/bin/awk "$@";; esac\n',
    });
    await refused({}, "NO_ROOM");
    expect(rings()).toEqual([]);
  });

  it("ends with the interrupted cell", async () => {
    const leave = enterCell("ring");
    try {
      const running = capture(localhost(), {
        device: "lo",
        filter,
        lastBytes: 100_000,
        seconds: 60,
        during: async () => {
          await send(10);
          expect(rings()).not.toEqual([]);
          leave.interrupt();
          await new Promise(() => {});
        },
      });
      await expect(running).rejects.toMatchObject({ code: "INTERRUPTED" });
      expect(rings()).toEqual([]);
    } finally {
      leave();
    }
  });
});

describeLive("a capture of the last packets on another host", ["root", "dumpcap", "sshd"], () => {
  let sshd: Sshd;
  let proxy: FlakyProxy;
  let host: Host;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd?.stop());

  async function connected(): Promise<void> {
    proxy = await startFlakyProxy(sshd);
    host = await connect(proxy.destination, { ...proxy.options, keepaliveSeconds: 1 });
  }

  it("is brought whole", async () => {
    await connected();
    const saveAs = join(folder, "remote.pcapng");
    const seen = await capture(host, {
      device: "lo",
      filter,
      lastBytes: 20e6,
      saveAs,
      during: () => send(5_000),
    });
    expect(seen.facts).toMatchObject({ packets: 5_000, partial: false });
    expect(seen.provenance.details.detached).toBe("proved");
    expect((await openCapture(saveAs)).facts).toEqual(seen.facts);
    expect(rings()).toEqual([]);
    await host.close();
    proxy.close();
  });

  it.each(["cut", "freeze"] as const)("is gone within seconds when the connection dies (%s)", async (how) => {
    const before = readdirSync("/mnt");
    await connected();
    const breaking = async () => {
      await send(50);
      expect(rings()).not.toEqual([]);
      proxy[how]();
    };
    const options = { ...ringOf60, until: () => false };
    const begun = capture(host, {
      ...options,
      during: () => breaking().then(() => new Promise((later) => setTimeout(later, 500))),
    });
    await expect(begun).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    expect(await eventually(10, () => rings().length === 0)).toBe(true);
    expect(readdirSync("/mnt")).toEqual(before);
    await host.close();
    proxy.close();
  });
});
