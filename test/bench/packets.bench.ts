import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { openCapture, packets } from "../../lib/captures/index.js";
import { fields } from "../../lib/captures/packets/readers.js";
import { tsharkArguments } from "../../lib/captures/packets/tshark.js";
import type { Figure } from "./figure.js";
import { type Generated, generateCapture } from "./generate-capture.js";

const bytes = 100_000_000;
/** Taken in turns, and the best of each counts: other work on the machine only ever adds. */
const rounds = 3;

/** `packets()` of a 100 MB capture against what one would type: the same fields of the same packets into a text file. */
export default async function (): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "skbook-bench-"));
  try {
    const file = join(folder, "generated.pcap");
    const generated = generateCapture(file, bytes);
    const plain: number[] = [];
    const own: number[] = [];
    for (let round = 0; round < rounds; round++) {
      plain.push(await seconds(() => plainTshark(file, join(folder, "fields.tsv"))));
      own.push(await seconds(() => checkedPackets(file, generated)));
    }
    const [value, other] = [Math.min(...own), Math.min(...plain)];
    const against = "tshark -n -T fields to a file: same fields, desegmentation off";
    return [
      { name: "packets() of 100 MB", value, unit: "s", against, ratio: value / other },
      {
        name: "packets() rate",
        value: generated.packets / value,
        unit: "packets/s",
        against,
        ratio: other / value,
      },
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
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

async function plainTshark(file: string, target: string): Promise<void> {
  const columns = tsharkArguments(fields, "");
  const options = columns.slice(0, columns.indexOf("-T"));
  // Where fields share a column, plain tshark has to print them one by one.
  const wanted = fields.flatMap((name) => name.split("||")).filter((name) => name !== "%p");
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
