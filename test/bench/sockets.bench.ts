import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { localhost, openSocketSamples, socketSamples, socketSummary } from "../../lib/index.js";
import type { Figure } from "./figure.js";
import { peakMemory } from "./peak-memory.js";

const files = 1_000;
const samplesOfEach = 15;
/** NFR-PERF-002: seconds for 1,000 files; and what that may take in memory, in bytes. */
const limit = { seconds: 60, bytes: 500e6 };

/** How long 1,000 files of samples take, and how much memory; and how long a sampler takes for what `ss` alone takes. */
export default async function sockets(): Promise<Figure[]> {
  return [...(await ofFiles()), await ofSampler()];
}

async function ofFiles(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "skbook-sockets-"));
  try {
    const paths = Array.from({ length: files }, (_, at) => {
      const path = join(folder, `${String(at).padStart(4, "0")}.log`);
      writeFileSync(path, textOf(at));
      return path;
    });
    const memory = peakMemory();
    const start = performance.now();
    const samples = await openSocketSamples(paths);
    const { connections } = await socketSummary(samples, { bandwidth: "10 Gbit/s" });
    const seconds = (performance.now() - start) / 1_000;
    const bytes = memory.stop();
    const [rows, found] = [await samples.count(), connections.values.length];
    if (rows !== files * samplesOfEach || found !== files)
      throw new Error(`${rows} samples of ${found} connections were read`);
    const name = `socketSummary of ${files} files`;
    return [
      { name, value: seconds, unit: "s", against: "NFR-PERF-002", ratio: seconds / limit.seconds },
      { name, value: bytes, unit: "bytes", against: "500 MB", ratio: bytes / limit.bytes },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Samples of one connection as `ss -tinmoe` prints them, each behind its time. */
function textOf(connection: number): string {
  const lines = Array.from({ length: samplesOfEach }, (_, second) => {
    const acked = 1 + 1_250_000 * second;
    const time = `2026-03-01T12:00:${String(second).padStart(2, "0")}.000Z`;
    return `${time}
State Recv-Q Send-Q Local Address:Port Peer Address:Port Process
ESTAB 0 200000 192.0.2.1:${10_000 + connection} 192.0.2.2:5201 timer:(on,200ms,0) ino:1 sk:${connection} <->
	 skmem:(r0,rb131072,t0,tb300000,f0,w250000,o0,bl0,d0) ts sack cubic wscale:7,7 rto:204 rtt:10/1 mss:1448 pmtu:1500 cwnd:10 bytes_sent:${acked} bytes_acked:${acked} segs_out:${900 * second} segs_in:${500 * second} data_segs_out:${900 * second} send 11Mbps pacing_rate 23Mbps delivery_rate 11Mbps delivered:${1 + 900 * second} busy:${second * 1_000}ms rwnd_limited:${second * 900}ms unacked:10 notsent:150000 minrtt:10 snd_wnd:64000
`;
  });
  return lines.join("");
}

/** Samples are taken as fast as they may be: what is beside `ss` are its start, two clocks, the lease and the decoding. */
async function ofSampler(): Promise<Figure> {
  const rounds = 20;
  const alone = await timed(() =>
    execa("sh", ["-c", `for i in $(seq ${rounds}); do ss -tinmoe >/dev/null; done`]),
  );
  const sampled = await socketSamples(localhost(), { everyMs: 100, seconds: (rounds - 1) / 10 });
  const { longestSampleMs } = sampled.provenance.details as { longestSampleMs: number };
  const each = alone / rounds;
  return {
    name: "a sample of socketSamples, the longest of 20",
    value: longestSampleMs,
    unit: "ms",
    against: "ss alone, mean of 20",
    ratio: longestSampleMs / each,
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
