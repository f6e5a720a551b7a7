import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { overview } from "../../lib/analyses/index.js";
import { openCapture, packets } from "../../lib/captures/index.js";
import { tsharkArguments } from "../../lib/captures/packets/tshark.js";
import { printedForPackets } from "../captures/printed.js";
import type { Figure } from "./figure.js";
import { type Generated, generateCapture } from "./generate-capture.js";
import { peakMemory } from "./peak-memory.js";

/** `SKBOOK_BENCH_BYTES` gives another size. */
const bytes = Number(process.env.SKBOOK_BENCH_BYTES ?? 1_000_000_000);
/** What starts from the kept Table. */
const analyses = [
  ...["flows", "quality", "talkers", "traffic", "protocolStatistics", "frameSizes", "hopLimits"],
  ...["fragmentedPackets", "tcpHealth", "tcpHandshakes", "tcpEndings", "tcpGaps", "tcpTurns"],
  ...["tcpThroughput", "retransmissions", "retransmissionBursts", "duplicateAcks", "selectiveAcks"],
  ...["rttSamples", "zeroWindows", "dnsQueries", "dnsServers", "pings", "pingSummary", "traceroutes"],
  ...["icmpErrors", "dhcpExchanges", "datagramSequences", "tcpWaits", "findings"],
];
/** Taken in turns, and the best of each counts: other work on the machine only ever adds, and some machines are half as fast for minutes. */
const rounds = 3;
const laterRounds = 5;

/**
 * `packets()` and `overview()` of a capture of 1 GB against what one would type: the same fields of the same packets into a text
 * file. Then what is asked of the kept Table, each analysis in a session of its own, and the most memory that this process and all that it
 * started took together.
 */
export default async function (): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "skbook-bench-"));
  process.env.XDG_CACHE_HOME = join(folder, "cache");
  try {
    const file = join(folder, "generated.pcap");
    const generated = generateCapture(file, bytes);
    const plain: number[] = [];
    const whole: number[] = [];
    const glance: number[] = [];
    const memory = peakMemory();
    for (let round = 0; round < rounds; round++) {
      plain.push(await seconds(() => plainTshark(file, join(folder, "fields.tsv"))));
      memory.reset();
      glance.push(await seconds(async () => overview(await openCapture(file))));
      whole.push(await seconds(() => checkedPackets(file, generated)));
      if (round < rounds - 1) await rm(join(folder, "cache"), { recursive: true });
    }
    const peak = memory.stop();
    const kept = await seconds(() => checkedPackets(file, generated));
    const against = "tshark -n -T fields to a file: same fields, desegmentation off";
    const other = Math.min(...plain);
    const compared = (name: string, values: number[]): Figure => {
      const value = Math.min(...values);
      return { name, value: round(value), unit: "s", against, ratio: round(value / other) };
    };
    const later: Figure[] = [];
    const taken = new Map(analyses.map((name): [string, number[]] => [name, []]));
    for (let round = 0; round < laterRounds; round++)
      for (const [name, values] of taken) values.push(await laterSeconds(file, name));
    for (const [name, values] of taken) later.push(compared(`${name}(), kept`, values));
    const size = `${Math.round(bytes / 1e6)} MB`;
    return [
      compared(`packets() of ${size}`, whole),
      compared(`overview() of ${size}`, glance),
      compared(`packets() of ${size}, kept`, [kept]),
      {
        name: "peak memory of the process tree",
        value: Math.round(peak / 1e6),
        unit: "MB",
        against: "2000 MB",
        ratio: round(peak / 2e9),
      },
      ...later,
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

function round(value: number): number {
  return Number(value.toFixed(3));
}

async function checkedPackets(
  file: string,
  { packets: count, connections, retransmissions }: Generated,
): Promise<void> {
  const table = await packets(await openCapture(file));
  const counted = await table.sql(
    "SELECT count(*), count(DISTINCT tcp_stream), count(*) FILTER (retransmission) FROM this",
  );
  const wanted = [count, connections, retransmissions];
  if (String(counted.values) !== String(wanted))
    throw new Error(`packets() counts ${counted.values}, not ${wanted}`);
}

async function laterSeconds(file: string, analysis: string): Promise<number> {
  const program = fileURLToPath(new URL("./analysis-program.js", import.meta.url));
  const { stdout } = await execa(process.execPath, [program, file, analysis]);
  return Number(stdout);
}

async function plainTshark(file: string, target: string): Promise<void> {
  const printed = await printedForPackets();
  const columns = tsharkArguments(printed, "");
  const options = columns.slice(0, columns.indexOf("-T"));
  // Where fields share a column, plain tshark has to print them one by one.
  const wanted = printed.flatMap(({ column }) => column.split("||")).filter((name) => name !== "%p");
  const asked = wanted.flatMap((name) => ["-e", name]);
  const output = await open(target, "w");
  try {
    await execa("tshark", ["-r", file, ...options, "-T", "fields", ...asked, "-e", "_ws.col.Protocol"], {
      stdout: output.fd,
      env: { WIRESHARK_CONFIG_DIR: "/nonexistent/skbook" },
    } as never);
  } finally {
    await output.close();
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
