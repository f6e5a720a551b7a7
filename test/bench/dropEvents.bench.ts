import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { dropEvents, localhost } from "../../lib/index.js";
import type { Figure } from "./figure.js";

const packets = 300_000;
const port = 9;
const seconds = 120;

/**
 * How many drops a second reach a Table, against the same program's lines in a file: what the lease, the decoder and DuckDB cost. Each
 * is flooded with the same number of datagrams to a closed port on loopback, and what it delivers is set against the time of the flood.
 */
export default async function dropEventsBench(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "skbook-bench-"));
  try {
    const events = await timedEvents();
    const plain = await timedPlain(events.command, join(folder, "events.json"));
    const against = "bpftrace -f json > file";
    return [
      {
        name: "dropEvents delivered",
        value: events.rate,
        unit: "events/s",
        against,
        ratio: events.rate / plain.rate,
      },
      {
        name: "dropEvents kept",
        value: events.kept,
        unit: "of all",
        against,
        ratio: events.kept / plain.kept,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Measured {
  rate: number;
  kept: number;
}

async function timedEvents(): Promise<Measured & { command: string[] }> {
  let duration = 0;
  const events = await dropEvents(localhost(), {
    seconds,
    dstPort: port,
    dst: "127.0.0.1",
    maxEvents: packets * 2,
    // Neither of the two is to be held back.
    maxEventsPerSecond: packets,
    force: true,
    during: async () => {
      duration = await flood();
    },
  });
  const count = await events.count();
  const command = events.provenance.details.command as string[];
  return { rate: count / duration, kept: count / packets, command };
}

async function timedPlain([file = "", ...args]: string[], path: string): Promise<Measured> {
  const output = openSync(path, "w");
  const run = once(spawn(file, args, { stdio: ["ignore", output, "ignore"] }), "exit");
  // Its first tick is on the disk once the file holds more than the line that bpftrace itself writes.
  while (statSync(path).size < 200) await new Promise((later) => setTimeout(later, 50));
  const duration = await flood();
  await run;
  closeSync(output);
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path) }))
    if (line.includes('"row:')) count += 1;
  return { rate: count / duration, kept: count / packets };
}

/** Sends from a process of its own; the seconds that it took. */
async function flood(): Promise<number> {
  const sender = `
    const socket = require("node:dgram").createSocket("udp4");
    const data = Buffer.alloc(64);
    let left = ${packets};
    const next = () => (left-- > 0 ? socket.send(data, ${port}, "127.0.0.1", next) : socket.close());
    next();`;
  const { durationMs } = await execa(process.execPath, ["-e", sender]);
  return durationMs / 1_000;
}
