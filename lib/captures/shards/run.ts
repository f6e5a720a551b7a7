import { createReadStream, createWriteStream, openSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import pLimit from "p-limit";
import { SkbookError, writeFailure } from "../../errors/index.js";
import { type Execution, localhost, readText } from "../../hosts/index.js";
import { scratchFolder } from "../../tables/index.js";
import { becomeTshark, startTool } from "../tool.js";
import { type TsharkEnd, tsharkEnd } from "../tshark.js";
import { mergeShards, type ShardLines } from "./merge.js";

const deadlineSeconds = 24 * 3600;
/** Below this, one tshark is done before two had started. */
const leastPackets = 100_000;
/** tsharks at the same time: this process reads about as fast as two of them print, and each takes its memory. */
const workers = Math.min(availableParallelism(), 2);
/** What a tshark and the process that feeds it take before the first packet, and a tshark for each packet. */
const startBytes = 215e6;
const packetBytes = 500;
/** What all of them may take together. Every shard reads the whole file: where that means more than so many rounds, it is the second bound. */
const usualBytes = 1_000e6;
const usualRounds = 8;
const mostBytes = 1_250e6;
/** A plan has one byte per packet. */
const mostShards = 255;

/** tshark over a whole capture, by shards: what one tshark would print, and how it ended. */
export interface ShardedRun {
  bytes: AsyncIterable<Uint8Array>;
  ended: Promise<TsharkEnd>;
}

/**
 * Divides a capture for several tsharks; null where one has to read it whole.
 *
 * @param packets how many packets the file has.
 * @param count how many parts. Default: by packets, cores and memory.
 */
export async function planShards(
  path: string,
  packets: number,
  count = shardCount(packets),
): Promise<ShardPlan | null> {
  if (count < 2) return null;
  const file = join(scratchFolder(), `plan-${plans++}`);
  const execution = startProgram(["plan", path, String(packets), String(count), file]);
  const answer = await readText(execution, 100_000, `read ${path} packet by packet`);
  const { exitCode, stderr, canceled } = await execution.ended;
  if (canceled) return null;
  if (exitCode !== 0) throw planFailed(path, stderr);
  const sizes = (JSON.parse(answer) as { packets?: number[] }).packets;
  return sizes === undefined ? null : { path, file, sizes };
}

let plans = 0;

export interface ShardPlan {
  path: string;
  /** One byte per packet: its shard. */
  file: string;
  /** Packets of each shard. */
  sizes: number[];
}

function shardCount(packets: number): number {
  if (packets < leastPackets) return 1;
  const rounds = roundsWithin(usualBytes, packets);
  return Math.min(mostShards, workers * (rounds > usualRounds ? roundsWithin(mostBytes, packets) : rounds));
}

/** How often all workers have to be busy for their shards to stay small enough. */
function roundsWithin(bytes: number, packets: number): number {
  const shardPackets = (bytes / workers - startBytes) / packetBytes;
  return Math.ceil(packets / (workers * shardPackets));
}

/**
 * Runs tshark over the shards of a plan, as many at a time as there are cores. The last ones are read while they run; what the earlier
 * ones print waits in files without a name, which end with this process.
 *
 * @param args of tshark, without the file.
 * @param fields what each line holds.
 * @param onSpooled called with how many packets more wait in files.
 */
export function startShards(
  plan: ShardPlan,
  args: readonly string[],
  fields: readonly string[],
  onSpooled: (packets: number) => void = () => {},
): ShardedRun {
  let settle!: { resolve: (end: TsharkEnd) => void; reject: (error: unknown) => void };
  const ended = new Promise<TsharkEnd>((resolve, reject) => {
    settle = { resolve, reject };
  });
  ended.catch(() => {});
  return { bytes: run(), ended };

  async function* run(): AsyncGenerator<Uint8Array> {
    const started: Execution[] = [];
    const limit = pLimit(workers);
    const start = (shard: number) => {
      const execution = startShard(plan, shard, args);
      started.push(execution);
      return execution;
    };
    const end = () => Promise.all(started.map((execution) => tsharkEnd(localhost(), execution, plan.path)));
    try {
      const frames = await readFrames(plan);
      const spooled = Math.max(0, plan.sizes.length - workers);
      const spools = await Promise.all(
        plan.sizes.slice(0, spooled).map((_, shard) =>
          limit(() =>
            spool(start(shard), shard, onSpooled).catch((error) => {
              // Here, since the next one begins before anybody else hears of it.
              limit.clearQueue();
              throw error;
            }),
          ),
        ),
      );
      const live = plan.sizes.slice(spooled).map((_, shard) => start(spooled + shard));
      const lines = [...spools, ...live].map((bytes, shard): ShardLines => {
        return { bytes, frames: frames[shard] as Uint32Array };
      });
      const merged = yield* mergeShards(lines, fields);
      const ends = await end();
      const bad = ends.find(({ canceled, exitCode }) => canceled || exitCode !== 0);
      const packets = plan.sizes.reduce((sum, size) => sum + size, 0);
      if (bad === undefined && merged !== packets) throw incomplete(plan.path, merged, packets);
      settle.resolve(bad ?? (ends[0] as TsharkEnd));
    } catch (error) {
      settle.reject(error);
      throw error;
    } finally {
      for (const execution of started) execution.stop();
      await end().then(
        (ends) => settle.resolve({ ...(ends[0] as TsharkEnd), canceled: true }),
        (error) => settle.reject(error),
      );
      await rm(plan.file, { force: true });
    }
  }
}

function startShard({ path, file }: ShardPlan, shard: number, args: readonly string[]): Execution {
  const script = `"$1" "$2" "$3" "$4" "$5" "$6" | { shift 6; set -- -r - "$@"; ${becomeTshark}; }`;
  return startTool(localhost(), "sh", ["-c", script, "sh", ...feedCommand(path, file, shard), ...args]);
}

/** A command that writes the packets of one shard, by a plan of one byte per packet, to stdout. */
export function feedCommand(path: string, plan: string, shard: number): string[] {
  return [process.execPath, program(), "feed", path, plan, String(shard)];
}

/** Keeps what a shard prints until all are there. */
async function spool(
  execution: Execution,
  shard: number,
  onSpooled: (packets: number) => void,
): Promise<AsyncIterable<Uint8Array>> {
  const path = join(scratchFolder(), `shard-${plans++}-${shard}`);
  const fd = openSync(path, "wx+", 0o600);
  const kept = createWriteStream("", { fd, autoClose: false });
  try {
    await rm(path);
    await pipeline(execution, countLines(onSpooled), kept);
  } catch (error) {
    // Closes the file, once: a pipeline that failed has done so.
    kept.destroy();
    throw error instanceof SkbookError ? error : notKept(path, error);
  }
  return createReadStream("", { fd, start: 0, highWaterMark: 2 ** 18 });
}

/** Passes bytes on, and tells how many lines ended in each piece of them. */
function countLines(tell: (lines: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      let lines = 0;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
      tell(lines);
      next(null, chunk);
    },
  });
}

async function readFrames({ file, sizes }: ShardPlan): Promise<Uint32Array[]> {
  const shardOf = await readFile(file);
  const frames = sizes.map((packets) => new Uint32Array(packets));
  const filled = new Uint32Array(sizes.length);
  for (let at = 0; at < shardOf.length; at++) {
    const shard = shardOf[at] as number;
    const place = filled[shard] as number;
    (frames[shard] as Uint32Array)[place] = at + 1;
    filled[shard] = place + 1;
  }
  return frames;
}

function startProgram(args: readonly string[]): Execution {
  return localhost().start([process.execPath, program(), ...args], { deadlineSeconds });
}

/** Other processes can only run what was built. */
function program(): string {
  const here = fileURLToPath(new URL("./program.js", import.meta.url));
  return import.meta.url.endsWith(".ts") ? here.replace(/\/lib\/(?=captures\/)/, "/dist/lib/") : here;
}

function notKept(path: string, error: unknown): SkbookError {
  const todo = "set TMPDIR to a folder that can be written to, with room: some 300 bytes per packet";
  return writeFailure({ code: "WRITE_FAILED", path: dirname(path), todo }, error);
}

function incomplete(path: string, lines: number, packets: number): SkbookError {
  return new SkbookError({
    code: "TSHARK_OUTPUT",
    tried: `put together what tshark says of the parts of ${path}`,
    failed: `it printed ${lines} lines for ${packets} packets`,
    todo: "report it with the version of tshark and, if you may, the capture",
  });
}

function planFailed(path: string, stderr: string): SkbookError {
  return new SkbookError({
    code: "READ_FAILED",
    tried: `read ${path} packet by packet`,
    failed: stderr.trim() || "the reading process ended early",
    todo: "see whether the file is still there, and room is left for temporary files",
  });
}
