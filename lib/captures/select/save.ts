import { createWriteStream } from "node:fs";
import { open, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { openCase } from "../../cases/index.js";
import { interrupted } from "../../cell/index.js";
import { SkbookError, writeFailure } from "../../errors/index.js";
import { localhost } from "../../hosts/index.js";
import { scratchFolder, type Value, writeWhole } from "../../tables/index.js";
import type { Capture } from "../capture.js";
import { openCapture } from "../open.js";
import type { TrafficFilter } from "../scope/index.js";
import { feedCommand } from "../shards/index.js";
import { packetsOf } from "./packets-of.js";

/** Frames asked for at a time. */
const step = 50_000;
let saved = 0;

/**
 * Writes the packets of a conversation, or of whatever a filter chooses, to a capture file: byte for byte as they lie in the capture, with
 * interfaces, comments and times. A capture that is neither pcap nor pcapng as it lies (gzip) is saved as pcapng.
 *
 * @param chosen a flow's id as the column `flow` has it (`tcp 5`), or conditions.
 * @param path where to.
 * @param options.overwrite replace a file that is there. Default false.
 * @returns the new file, opened. A replay writes nothing.
 * @throws SkbookError as {@link packetsOf} does; `REMOTE_CAPTURE`, `SAVE_FAILED`, `FILE_EXISTS`, `WRITE_FAILED`, `INTERRUPTED`.
 * @example await saveCapture(cap, { ip: "192.0.2.1", port: 443 }, "one-client.pcap")
 */
export async function saveCapture(
  capture: Capture,
  chosen: string | TrafficFilter,
  path: string,
  options: { overwrite?: boolean } = {},
): Promise<Capture> {
  if ((await openCase())?.mode !== "replay") await write(capture, chosen, path, options.overwrite ?? false);
  return openCapture(path);
}

async function write(
  capture: Capture,
  chosen: string | TrafficFilter,
  path: string,
  overwrite: boolean,
): Promise<void> {
  const tried = `save packets of ${capture.name} to ${resolve(path)}`;
  if (capture.host !== localhost()) throw remote(tried);
  if (typeof chosen !== "string" && chosen.bpf !== undefined) throw countedElsewhere(tried);
  const marks = await marked(capture, chosen);
  saved += 1;
  const plan = join(scratchFolder(), `saved-${saved}`);
  try {
    await writeFile(plan, marks, { flag: "wx", mode: 0o600 }).catch((error) => {
      const todo = "set TMPDIR to a folder that can be written to";
      throw writeFailure({ code: "WRITE_FAILED", path: plan, todo }, error);
    });
    await writeWhole(path, overwrite, async (partial) => {
      const command = await commandFor(capture.path as string, plan);
      const execution = localhost().start(command, { deadlineSeconds: 24 * 3600 });
      await pipeline(execution, createWriteStream(partial, { flags: "wx", mode: 0o600 }));
      const { exitCode, stderr, canceled } = await execution.ended;
      if (canceled) throw interrupted(tried);
      if (exitCode !== 0) throw failed(tried, stderr);
    });
  } finally {
    await rm(plan, { force: true });
  }
}

/** One byte per packet of the file: 1 for those that were chosen. */
async function marked(capture: Capture, chosen: string | TrafficFilter): Promise<Uint8Array> {
  const table = await packetsOf(capture, chosen);
  const marks = new Uint8Array(capture.facts.packets);
  for (let last = 0; ; ) {
    const frames = await table.sql(
      `SELECT frame FROM this WHERE frame > ${last} ORDER BY frame LIMIT ${step}`,
    );
    for (const [frame] of frames.values as Value[][]) {
      last = Number(frame);
      marks[last - 1] = 1;
    }
    if (frames.values.length < step) return marks;
  }
}

async function commandFor(path: string, plan: string): Promise<string[]> {
  if (await isPlain(path)) return feedCommand(path, plan, 1);
  const script = 'file=$1; shift; editcap -F pcapng "$file" - | "$@"';
  return ["sh", "-c", script, "sh", path, ...feedCommand("/dev/stdin", plan, 1)];
}

async function isPlain(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(4);
    await file.read(head, 0, 4, 0);
    return ["a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "0a0d0d0a"].includes(head.toString("hex"));
  } finally {
    await file.close();
  }
}

function remote(tried: string): SkbookError {
  return new SkbookError({
    code: "REMOTE_CAPTURE",
    tried,
    failed: "the capture is on another host",
    todo: "bring it here first: saveCapture(await capture.fetch(), ...)",
  });
}

function countedElsewhere(tried: string): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried,
    failed: "with bpf, packets are counted within what it lets through",
    todo: "choose with ip, port, proto, flow or filter",
  });
}

function failed(tried: string, stderr: string): SkbookError {
  return new SkbookError({
    code: "SAVE_FAILED",
    tried,
    failed: stderr.trim().split("\n").at(-1) || "the packets could not be copied",
    todo: "copy the file with editcap -F pcapng, and open the copy",
  });
}
