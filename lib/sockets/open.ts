import { createReadStream } from "node:fs";
import { access, constants, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { createGunzip } from "node:zlib";
import { z } from "zod";
import { type Run, recordedRun } from "../cases/index.js";
import { callSignal, interrupted } from "../cell/index.js";
import { reasonOf, SkbookError } from "../errors/index.js";
import { badParameters } from "../parameters/index.js";
import { createTable, deriveTable, type Table } from "../tables/index.js";
import { sampleColumns } from "./columns.js";
import { fields } from "./fields.js";
import { generationOf } from "./generation.js";
import { linesOf } from "./lines.js";
import { SampleReader } from "./reader.js";
import { beyondNotes, detailsOf, isoOf } from "./samples.js";
import { fileWord } from "./script.js";

/** What {@link openSocketSamples} can't see in the files. */
export interface SocketFilesOptions {
  /** Milliseconds between samples, where the files don't say when each was taken. Default: unknown. */
  everyMs?: number;
  /** When the first sample was taken, ISO 8601 with its zone, where the files don't say. Default: 1970. */
  startedAt?: string;
  /** Name of the host that they are of. Default: unknown. */
  host?: string;
  /** Version of its kernel: `5.10`. Default: what the counters in the files prove. */
  kernel?: string;
  /** Version of its iproute2: `6.1.0`, or all that `ss -V` says. Default: what the counters in the files prove. */
  ss?: string;
}

const version = z.string().regex(/\d/, "a version: 5.10");
const Options = z.strictObject({
  everyMs: z.number().positive().max(86_400_000).optional(),
  startedAt: z.iso.datetime({ offset: true }).optional(),
  host: z.string().min(1).optional(),
  kernel: version.optional(),
  ss: version.optional(),
});
const Paths = z.union([z.string().min(1), z.array(z.string().min(1)).nonempty()]);

/**
 * Reads samples of TCP sockets that others recorded: the output of `ss -ti` (better `ss -tinmoe`) of any version, once or again and again, in one file or many, plain
 * or compressed with gzip. A sample begins with a line that says a time (ISO 8601, `date` in UTC, seconds since 1970), with `ss`'s line of column names, with the next file, or where a socket
 * comes again. One line or two per socket, names of processes, IPv6 and IPv4 in IPv6 make no difference; files that `socketSamples` wrote into a case are read, too.
 *
 * What `ss` leaves out is 0 or unknown to it. It is 0 where a counter of the same age is in the files, or `kernel` and `ss` say that it knows it; else null. While a case is
 * recorded, the files go into it.
 *
 * Columns:
 * - `sample` INTEGER: number of the sample, from 0
 * - `time_ns` BIGINT, ns since 1970: when it was taken, by the host's clock
 * - `uptime_us` BIGINT, µs: the same since the host booted, to 10 ms
 * - `flow` VARCHAR: own end → peer, as a name
 * - `socket` VARCHAR: the kernel's cookie of the socket (ss -e): never used twice
 * - `state` VARCHAR: ESTAB, CLOSE-WAIT, ...; null where ss left it out
 * - `src` VARCHAR: own address; IPv4 in IPv6 as IPv4
 * - `src_port` INTEGER: own port
 * - `dst` VARCHAR: address of the peer
 * - `dst_port` INTEGER: its port
 * - `device` VARCHAR: device that the socket is bound to; null: none
 * - `recv_q_bytes` BIGINT, bytes: received, and not read by the application
 * - `send_q_bytes` BIGINT, bytes: written by the application, and not acknowledged
 * - `timer` VARCHAR: on (retransmission), persist (window probes), keepalive, ...; null: none
 * - `timer_ms` BIGINT, ms: until it fires
 * - `timer_repeats` INTEGER: times that it fired in a row
 * - `rmem_bytes` BIGINT, bytes: receive memory in use: data with its overhead
 * - `rcvbuf_bytes` BIGINT, bytes: limit of rmem_bytes: SO_RCVBUF, or what autotuning made of it
 * - `wmem_queued_bytes` BIGINT, bytes: send memory in use: data in flight and not sent, with its overhead
 * - `sndbuf_bytes` BIGINT, bytes: limit of wmem_queued_bytes: SO_SNDBUF, or what autotuning made of it
 * - `wmem_device_bytes` BIGINT, bytes: handed to the queue of a device, and not sent by it yet
 * - `backlog_bytes` BIGINT, bytes: arrived while the application held the socket
 * - `drops` BIGINT, packets: packets that the socket dropped
 * - `congestion_control` VARCHAR: algorithm of the congestion window
 * - `timestamps` BOOLEAN: timestamps were agreed on
 * - `sack` BOOLEAN: selective acks were agreed on
 * - `ecn` BOOLEAN: ECN was agreed on
 * - `window_scaling` BOOLEAN: window scaling was agreed on
 * - `peer_window_scale` INTEGER: bits by which the peer's windows are shifted
 * - `window_scale` INTEGER: bits by which its own windows are shifted
 * - `rto_us` BIGINT, µs: retransmission timeout; null also where it is exactly 3 s
 * - `backoff` BIGINT, timeouts: times that the timeout was doubled
 * - `rtt_us` BIGINT, µs: smoothed round trip time; of a pure receiver it is old
 * - `rtt_deviation_us` BIGINT, µs: mean deviation of the round trip time
 * - `min_rtt_us` BIGINT, µs: shortest round trip of some minutes (tcp_min_rtt_wlen)
 * - `rcv_rtt_us` BIGINT, µs: round trip as the receive side estimates it, coarse
 * - `ato_us` BIGINT, µs: delay of delayed acks
 * - `mss_bytes` BIGINT, bytes: payload of a full segment, options taken off
 * - `path_mtu_bytes` BIGINT, bytes: MTU of the path as the socket knows it
 * - `rcv_mss_bytes` BIGINT, bytes: segment size of the peer, guessed from what came
 * - `advertised_mss_bytes` BIGINT, bytes: MSS that it offered
 * - `cwnd_packets` BIGINT, packets: congestion window
 * - `ssthresh_packets` BIGINT, packets: slow start threshold; null: none yet
 * - `unacked_packets` BIGINT, packets: sent and not acknowledged
 * - `sacked_packets` BIGINT, packets: of these, acknowledged selectively
 * - `lost_packets` BIGINT, packets: of these, taken for lost
 * - `retrans_out_packets` BIGINT, packets: of these, sent again and not acknowledged
 * - `retrans_packets` BIGINT, packets: sent again since the connection began
 * - `reordering_packets` BIGINT, packets: reordering that it expects; null: 3, the default
 * - `reordering_seen` BIGINT, events: times that reordering was seen
 * - `dsack_dups` BIGINT, segments: that the peer said came twice: sent again for nothing
 * - `snd_wnd_bytes` BIGINT, bytes: the peer's receive window: what it may send
 * - `rcv_wnd_bytes` BIGINT, bytes: its own receive window, as announced
 * - `rcv_space_bytes` BIGINT, bytes: own receive side: what the application reads in a round trip
 * - `rcv_ssthresh_bytes` BIGINT, bytes: own receive side: limit of the window that is announced
 * - `notsent_bytes` BIGINT, bytes: written by the application and never sent yet
 * - `bytes_sent` BIGINT, bytes: sent, what was sent again included
 * - `bytes_retrans` BIGINT, bytes: of these, sent again
 * - `bytes_acked` BIGINT, bytes: acknowledged by the peer, the SYN included
 * - `bytes_received` BIGINT, bytes: received in order
 * - `segs_out` BIGINT, segments: segments sent, acks included
 * - `segs_in` BIGINT, segments: segments received, acks included
 * - `data_segs_out` BIGINT, segments: segments sent with data
 * - `data_segs_in` BIGINT, segments: segments received with data
 * - `delivered_packets` BIGINT, packets: that reached the peer, by its acks
 * - `delivered_ce_packets` BIGINT, packets: of these, with a congestion mark
 * - `rcv_ooo_packets` BIGINT, packets: received out of order
 * - `rehash` BIGINT, events: times that it chose another path (flow label, hash)
 * - `pacing_bits_per_second` BIGINT, bit/s: rate at which it may send; payload with its headers
 * - `max_pacing_bits_per_second` BIGINT, bit/s: SO_MAX_PACING_RATE; null: none
 * - `delivery_bits_per_second` BIGINT, bit/s: rate of the last best sample of deliveries: no mean
 * - `app_limited` BOOLEAN: the application, not the network, gave that sample its rate
 * - `busy_us` BIGINT, µs: it had data to send or to be acknowledged, since it began
 * - `rwnd_limited_us` BIGINT, µs: of these, held up by the peer's window
 * - `sndbuf_limited_us` BIGINT, µs: of these, held up by its own send buffer
 * - `last_sent_us` BIGINT, µs: since it sent data
 * - `last_received_us` BIGINT, µs: since it received data
 * - `last_ack_us` BIGINT, µs: since it received an ack
 * - `bbr_bits_per_second` BIGINT, bit/s: BBR's estimate of the bottleneck
 *
 * @param path a file, several in their order, or a folder, whose files are read by name.
 * @returns a Table, one row per socket and sample.
 * @throws SkbookError `FILE_NOT_FOUND`, `NO_PERMISSION`, `NOT_SAMPLES` where no socket is in them, `BAD_PARAMETER`, `INTERRUPTED`; in a replay `NOT_RECORDED`.
 * @example await openSocketSamples("client.log", { host: "client" })
 */
export async function openSocketSamples(
  path: string | readonly string[],
  options: SocketFilesOptions = {},
): Promise<Table> {
  const parsed = Options.safeParse(options);
  if (!parsed.success) throw badParameters("openSocketSamples", parsed.error);
  const paths = Paths.safeParse(path);
  if (!paths.success) throw badParameters("openSocketSamples", paths.error);
  const { everyMs, startedAt, host, kernel, ss } = parsed.data;
  const given = [paths.data].flat();
  const tried = `read socket samples from ${given.join(", ")}`;
  const run = await recordedRun(
    { kind: "file", name: "openSocketSamples", host: "localhost", params: { path: given } },
    filesOutcome,
    () => filesOf(given, tried),
  );
  const pace =
    everyMs === undefined
      ? null
      : {
          startNs: BigInt(Date.parse(startedAt ?? "1970-01-01T00:00:00Z")) * 1_000_000n,
          everyNs: BigInt(Math.round(everyMs * 1e6)),
        };
  const reader = new SampleReader(pace);
  const writer = await createTable("samples", sampleColumns);
  const signal = callSignal();
  let rows = 0;
  try {
    for await (const lines of linesOf(run.bytes)) {
      if (signal?.aborted) throw interrupted(tried);
      for (const line of lines) {
        const ended = reader.take(line.replace(/\r$/, ""));
        writer.append(ended);
        rows += ended.length;
      }
    }
    const last = reader.end();
    writer.append(last);
    rows += last.length;
    const { files, damaged } = await run.outcome;
    const { heard } = reader;
    if (rows === 0) throw notSamples(tried, heard.unread);
    const table = await writer.finish({
      source: "openSocketSamples",
      host: host ?? null,
      recordingId: run.recordingId,
      startedAt: isoOf(heard.firstNs),
      endedAt: isoOf(heard.lastNs),
      lost: heard.facts.kernel === undefined ? "unknown" : heard.ticks - heard.samples,
      truncated: heard.beyond > 0,
      partial: heard.cut || damaged.length > 0,
      notes: [
        ...beyondNotes(heard),
        ...(heard.unread > 0
          ? [`${heard.unread} lines are neither sockets nor times, and are not here`]
          : []),
        ...(heard.untimed > 0
          ? [`${heard.untimed} of ${heard.samples} samples don't say when they were taken: give everyMs`]
          : []),
        ...damaged.map((file) => `What could be read of a damaged file is here: ${file}`),
        ...(heard.cut ? ["The last sample is cut off, and is not here"] : []),
      ],
      details: { ...detailsOf(heard, everyMs ?? null), files },
    });
    const known = Math.max(
      heard.generation,
      generationOf(kernel ?? heard.facts.kernel, ss ?? heard.facts.ss),
    );
    return await withZeros(table, known);
  } catch (error) {
    await writer.discard().catch(() => {});
    throw error;
  }
}

/** What `ss` left out as 0, of the counters that it is known to print. Where there is tcp_info, there is a congestion window. */
function withZeros(table: Table, generation: number): Promise<Table> {
  const zeros = fields
    .filter(({ zeroSince }) => zeroSince !== undefined && zeroSince <= generation)
    .map(({ name, type, agreed }) => {
      const zero = type === "BOOLEAN" ? "false" : "0";
      return `CASE WHEN cwnd_packets IS NULL${agreed ? " OR starts_with(state, 'SYN-')" : ""} THEN ${name} ELSE coalesce(${name}, ${zero}) END AS ${name}`;
    });
  return deriveTable("samples", {
    sources: { raw: table },
    query: `SELECT * REPLACE (${zeros.join(", ")}) FROM raw`,
    columns: sampleColumns,
    provenance: table.provenance,
  });
}

/** What a case keeps of files that were read. */
const filesOutcome = z.object({
  files: z.array(z.string()),
  /** Of these, the ones that could not be read to their end, and why. */
  damaged: z.array(z.string()),
});
type FilesOutcome = z.output<typeof filesOutcome>;

async function filesOf(paths: readonly string[], tried: string): Promise<Run<FilesOutcome>> {
  const files: string[] = [];
  for (const path of paths.map((one) => resolve(one))) {
    try {
      const found = await stat(path);
      const inside = found.isDirectory()
        ? (await readdir(path, { withFileTypes: true }))
            .filter((one) => one.isFile())
            .map(({ name }) => join(path, name))
        : [path];
      for (const file of inside.sort()) {
        await access(file, constants.R_OK);
        files.push(file);
      }
    } catch (error) {
      const denied = (error as NodeJS.ErrnoException).code === "EACCES";
      throw new SkbookError({
        code: denied ? "NO_PERMISSION" : "FILE_NOT_FOUND",
        tried,
        failed: reasonOf(error),
        todo: denied ? "make it readable for the user that runs the notebook" : "check the path",
      });
    }
  }
  const { promise: outcome, resolve: over } = promised<FilesOutcome>();
  return { bytes: contentsOf(files, over), outcome };
}

function promised<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve = (_: T) => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

async function* contentsOf(
  files: readonly string[],
  over: (outcome: FilesOutcome) => void,
): AsyncGenerator<Uint8Array> {
  const damaged: string[] = [];
  try {
    for (const [index, file] of files.entries()) {
      yield Buffer.from(`\n${fileWord} ${index}\n`);
      try {
        yield* contentOf(file);
      } catch (error) {
        damaged.push(`${basename(file)}: ${reasonOf(error)}`);
      }
    }
  } finally {
    over({ files: files.map((file) => basename(file)), damaged });
  }
}

async function* contentOf(file: string): AsyncGenerator<Uint8Array> {
  const bytes = createReadStream(file);
  if (!file.endsWith(".gz")) yield* bytes;
  else {
    const plain = createGunzip();
    bytes.on("error", (error) => plain.destroy(error)).pipe(plain);
    yield* plain;
  }
}

function notSamples(tried: string, unread: number): SkbookError {
  return new SkbookError({
    code: "NOT_SAMPLES",
    tried,
    failed: unread > 0 ? `none of ${unread} lines is a TCP socket as ss prints it` : "they are empty",
    todo: "give what `ss -tinmoe` printed",
  });
}
