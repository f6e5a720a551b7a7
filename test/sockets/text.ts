import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Frame, Table, Value } from "../../lib/index.js";
import { openSocketSamples, type SocketFilesOptions } from "../../lib/index.js";

const folder = mkdtempSync(join(tmpdir(), "skbook-sockets-"));
let written = 0;

/** A file with this text. */
export function fileOf(text: string, name = `${++written}.log`): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

export function samplesOf(text: string, options: SocketFilesOptions = {}): Promise<Table> {
  return openSocketSamples(fileOf(text), options);
}

/** Rows as objects. */
export async function rowsOf(source: Table | Frame): Promise<{ [column: string]: Value }[]> {
  const frame = "toFrame" in source ? await source.toFrame() : source;
  return (frame.values as Value[][]).map((row) =>
    Object.fromEntries(frame.schema.map(({ name }, at) => [name, row[at] ?? null])),
  );
}

/** What a socket says at a moment, for texts of samples made up in tests: tokens of ss by name. */
export interface Moment {
  own?: string;
  peer?: string;
  recvQ?: number;
  sendQ?: number;
  /** r, rb, tb, w and d of skmem. */
  memory?: { r?: number; rb?: number; w?: number; tb?: number; d?: number };
  /** Further tokens: `cwnd:10`, `app_limited`. */
  tokens: string;
  sk?: string;
}

/** One socket as `ss -tinmoe` of iproute2 6.1 prints it. */
export function socketText({
  own = "192.0.2.1:40000",
  peer = "192.0.2.2:5201",
  recvQ = 0,
  sendQ = 0,
  memory = {},
  tokens,
  sk = "1",
}: Moment): string {
  const { r = 0, rb = 131_072, w = 0, tb = 87_040, d = 0 } = memory;
  return `ESTAB ${recvQ} ${sendQ} ${own} ${peer} ino:1 sk:${sk} <->\n\t skmem:(r${r},rb${rb},t0,tb${tb},f0,w${w},o0,bl0,d${d}) ts sack cubic wscale:7,7 rto:204 mss:1448 ${tokens}`;
}

/** A file of samples `everyMs` apart. */
export function log(moments: readonly (Moment | readonly Moment[])[], everyMs = 1_000): string {
  return moments
    .map((one, index) => {
      const time = new Date(Date.parse("2026-01-01T00:00:00Z") + index * everyMs).toISOString();
      return [
        time,
        "State Recv-Q Send-Q Local Address:Port Peer Address:Port Process",
        ...[one].flat().map(socketText),
      ].join("\n");
    })
    .join("\n");
}
