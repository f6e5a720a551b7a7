import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  capture,
  connect,
  dropEvents,
  type Host,
  hostFacts,
  localhost,
  softirqSummary,
} from "../../lib/index.js";
import { environment } from "../../lib/probes/engine/environment.js";
import { describeLive } from "../fixtures/needs.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import { sweep } from "../fixtures/sweep.js";
import { targetOf } from "./target.js";

const megabyte = 1_000_000;

describeLive("a host whose disks are full", ["root", "bpftrace", "dumpcap", "sshd", "tracing"], () => {
  let sshd: Sshd;
  let host: Host;
  beforeAll(async () => {
    // One has no room for a byte, one for no file, and where daemons keep theirs there is neither.
    const mounts = `
      mkdir "$1/full"
      mount -t tmpfs -o size=64k,mode=1777 tmpfs "$1/full"
      head -c 1M /dev/zero > "$1/full/filler" 2>/dev/null || :
      mount -t tmpfs -o nr_inodes=1,mode=1777 tmpfs /dev/shm
      mount -t tmpfs -o size=64k,nr_inodes=3 tmpfs /run
      mkdir /run/sshd
      head -c 1M /dev/zero > /run/filler 2>/dev/null || :`;
    sshd = await startSshd({ mounts, lines: (folder) => [`SetEnv TMPDIR=${folder}/full`] });
    host = await connect(sshd.destination, sshd.options);
  });
  afterAll(async () => {
    await host?.close();
    sshd?.stop();
  });

  test("is one: nothing can be written there", async () => {
    const script = 'for folder in "$TMPDIR" /dev/shm /run; do echo x > "$folder/x" && echo written; done';
    const { stdout, stderr } = await host.exec(["sh", "-c", script], { root: true });
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toHaveLength(3);
  });

  test("is measured as any other: nothing of it needs a disk", async () => {
    const whole = { partial: false, lost: 0, details: { detached: "proved" } };
    expect((await hostFacts(host)).values).not.toHaveLength(0);
    expect((await dropEvents(host, { seconds: 1 })).provenance).toMatchObject(whole);
    expect((await softirqSummary(host, { seconds: 1 })).provenance).toMatchObject(whole);
    const pings = () => host.exec(["ping", "-q", "-i", "0.05", "-c", "20", "127.0.0.1"]);
    for (const ring of [{}, { lastBytes: 2 ** 20 }]) {
      const kept = await capture(host, { device: "lo", filter: "icmp", seconds: 30, during: pings, ...ring });
      expect(kept.provenance).toMatchObject({ partial: false, details: { detached: "proved" } });
    }
  });

  test("says why a listing has no instructions, and has the rest right", async () => {
    const [here, there] = [
      await dropEvents.explain(localhost(), { seconds: 1 }),
      await dropEvents.explain(host, { seconds: 1 }),
    ];
    expect(here.instructions?.length).toBeGreaterThan(0);
    expect(there.instructions).toBeNull();
    expect(there.notes.join()).toMatch(/the instructions are unknown: .+/);
    expect(there.mapBytes).toBe(here.mapBytes);
  });

  test("says what a bpftrace without BTF lacks, instead of a compiler's errors", async () => {
    const words = environment(targetOf({}, { snapshot: { kernel: "4.19.0-27-amd64", btf: "" } }));
    const { exitCode, stderr } = await host.exec([...words, "true"], { root: true });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/\/full, \/dev\/shm and \/run have no room for a file/);
  });
});

describeLive("many connections at once", ["sshd"], () => {
  test("all hold their leases, and nothing of them stays", { timeout: 600_000 }, async () => {
    const count = sweep("connections at once", 50, 12);
    const sshd = await startSshd({ lines: () => ["MaxStartups 200"] });
    const descriptors = () => readdirSync("/proc/self/fd").length;
    const [before, memory] = [descriptors(), process.memoryUsage().rss];
    const options = { ...sshd.options, timeoutSeconds: 120 };
    const hosts = await Promise.all(Array.from({ length: count }, () => connect(sshd.destination, options)));
    // Longer than a lease without a beat.
    const ended = await Promise.all(hosts.map((host) => host.exec(["sleep", "6"])));
    for (const end of ended) {
      expect(end).toMatchObject({ exitCode: 0, leaseExpired: false, connectionLost: false });
      // Where all hosts are one machine, a proof may come too late.
      expect(end.detached).not.toBe("alive");
    }
    expect(process.memoryUsage().rss - memory).toBeLessThan(500 * megabyte);
    await Promise.all(hosts.map((host) => host.close()));
    expect(descriptors() - before).toBeLessThan(10);
    sshd.stop();
  });
});

/** What bpftrace would be on a host that prints rows faster than anybody can read them. */
function floodOf(rows: number, perSecond: number): string {
  const sample = new URL("../../probes/drop/sample/dropEvents.recording.txt", import.meta.url);
  const printed = readFileSync(sample, "utf8").split("\n");
  const line = (start: string) => printed.find((one) => one.includes(start)) ?? "";
  return `#!/usr/bin/python3
import os, sys, time
if "json" not in sys.argv: os.execv("/usr/bin/bpftrace", ["bpftrace"] + sys.argv[1:])
def say(text): sys.stdout.write(text + "\\n"); sys.stdout.flush()
say(${JSON.stringify(line("attached_probes"))})
started = time.monotonic_ns()
say('{"type": "printf", "data": "begin\\\\t%d\\\\n"}' % started)
say('{"type": "printf", "data": "tick\\\\t%d\\\\n"}' % started)
row = ${JSON.stringify(`${line('"row:0')}\n`)}
block = (row * ${perSecond / 20}).encode()
for written in range(${rows / (perSecond / 20)}):
    wait = started + written * 50_000_000 - time.monotonic_ns()
    if wait > 0: time.sleep(wait / 1e9)
    sys.stdout.buffer.write(block)
sys.stdout.flush()
say('{"type": "printf", "data": "end\\\\t%d\\\\n"}' % time.monotonic_ns())
for name, value in {"emitted_0": ${rows}, "beyond_0": 0, "suppressed_0": 0, "left": 0, "over": 0, "rest": -1}.items():
    say('{"type": "map", "data": {"@%s": %d}}' % (name, value))
`;
}

describeLive(
  "a host that prints 200,000 rows a second",
  ["root", "bpftrace", "sshd", "tracing", "python"],
  () => {
    test("is read whole, in bounded memory, and costs another host nothing", {
      timeout: 900_000,
    }, async () => {
      const rows = sweep("rows of a flood", 1_000_000, 100_000);
      const folder = mkdtempSync(join(tmpdir(), "skbook-flood-"));
      writeFileSync(join(folder, "bpftrace"), floodOf(rows, 200_000));
      chmodSync(join(folder, "bpftrace"), 0o755);
      const sshd = await startSshd({ lines: () => [`SetEnv PATH=${folder}:${process.env.PATH}`] });
      const [host, other] = await Promise.all([1, 2].map(() => connect(sshd.destination, sshd.options)));
      const before = process.memoryUsage().rss;
      let most = 0;
      const watch = setInterval(() => {
        most = Math.max(most, process.memoryUsage().rss - before);
      }, 50);
      const asked = {
        seconds: 5,
        stacks: 4,
        headers: true,
        maxEvents: rows,
        maxEventsPerSecond: 10_000_000,
        attachSeconds: 300,
      };
      const end = new AbortController();
      const quiet = other?.exec(["sleep", "600"], { deadlineSeconds: 700, signal: end.signal });
      const held = quiet?.catch((error) => error);
      const start = performance.now();
      const events = await dropEvents(host as Host, asked);
      console.info(
        `${rows} rows in ${((performance.now() - start) / 1_000).toFixed(1)} s, ${Math.round(most / megabyte)} MB more`,
      );
      clearInterval(watch);
      end.abort();
      expect(await held).toMatchObject({ code: "INTERRUPTED", details: { leaseExpired: false } });
      expect(await events.count()).toBe(rows);
      expect(events.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
      expect(most).toBeLessThan(500 * megabyte);
      await Promise.all([host?.close(), other?.close()]);
      sshd.stop();
      rmSync(folder, { recursive: true });
    });
  },
);
