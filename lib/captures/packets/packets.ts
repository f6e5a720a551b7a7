import { type Run, recordedRun } from "../../cases/index.js";
import { interrupted } from "../../cell.js";
import { SkbookError } from "../../errors.js";
import { createTable, type Provenance, type Table } from "../../tables/index.js";
import type { Capture } from "../capture.js";
import { startTool, type TsharkOutcome, tsharkOutcome } from "../tshark.js";
import { packetColumns } from "./columns.js";
import { PacketParser } from "./parser.js";
import { fields } from "./readers.js";

/** Everything that could change a result and that a later tshark might have another default for. */
const settings = [
  "tcp.desegment_tcp_streams:FALSE",
  "tcp.analyze_sequence_numbers:TRUE",
  "tcp.relative_sequence_numbers:TRUE",
  "tcp.track_bytes_in_flight:TRUE",
  "tcp.calculate_timestamps:TRUE",
  "tcp.check_checksum:TRUE",
  "udp.check_checksum:TRUE",
  "ip.check_checksum:TRUE",
  "ip.defragment:TRUE",
  "ip.tso_support:TRUE",
  "ipv6.defragment:TRUE",
];

const made = new WeakMap<Capture, Map<string, Promise<Table>>>();

/**
 * Dissects a capture into a Table of one row per packet, in one pass of tshark; asked again, it answers with the same
 * Table. TCP is analysed over the whole file, or over what the filter lets through.
 *
 * A tunnelled packet counts by its innermost addresses and ports; `outer_src` and `outer_dst` have the outermost. An ICMP error
 * that quotes a packet is an ICMP packet: the quoted connection is in `quoted_tcp_stream`, `quoted_udp_stream`. TCP payload is not
 * reassembled, so `protocol` of a segment in the middle of a message is TCP.
 *
 * @param options.filter display filter of Wireshark, e.g. `tcp.port == 443`. Default: all packets.
 * @returns a Table; `.columns` says what each column means, in which unit.
 * @throws SkbookError `BAD_FILTER` with tshark's message, `TSHARK_MISSING`, `TSHARK_FAILED`, `INTERRUPTED`.
 */
export function packets(capture: Capture, options: { filter?: string } = {}): Promise<Table> {
  const filter = options.filter?.trim() ?? "";
  const tables = made.get(capture) ?? new Map<string, Promise<Table>>();
  made.set(capture, tables);
  const known = tables.get(filter);
  if (known !== undefined) return known;
  const table = dissect(capture, filter);
  tables.set(filter, table);
  table.catch(() => tables.delete(filter));
  return table;
}

async function dissect(capture: Capture, filter: string): Promise<Table> {
  const params = { capture: capture.sha256, filter, fields, settings };
  const writer = await createTable(
    "packets",
    packetColumns.map(({ column }) => column),
  );
  try {
    const run = await recordedRun<TsharkOutcome>(
      { kind: "tshark", name: "packets", host: "localhost", params },
      () => startTshark(capture, filter),
    );
    // When reading fails first, tshark is ended for it: the reading's error is the one to tell.
    run.outcome.catch(() => {});
    const parser = new PacketParser((columns) => writer.appendColumns(columns));
    for await (const chunk of run.bytes) parser.push(chunk);
    const outcome = await run.outcome;
    parser.end();
    return await writer.finish(provenanceOf(capture, filter, run.recordingId, outcome));
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

function startTshark(capture: Capture, filter: string): Run<TsharkOutcome> {
  const path = capture.path as string;
  const execution = startTool("tshark", tsharkArguments(path, filter));
  return { bytes: execution, outcome: checkedOutcome(tsharkOutcome(execution, path), capture, filter) };
}

/** Summary columns, since `-T fields` builds the whole protocol tree of each packet: the same values for two thirds of the time. */
export function tsharkArguments(path: string, filter: string): string[] {
  const format = fields
    .flatMap((name) => [`"${name}"`, name === "%p" ? '"%p"' : `"%Cus:${name}:0:U"`])
    .join(",");
  return [
    "-n",
    ...["-r", path],
    ...(filter === "" ? [] : ["-Y", filter]),
    ...settings.flatMap((setting) => ["-o", setting]),
    ...["-T", "tabs", "-o", `gui.column.format:${format}`],
  ];
}

/** tshark ends with 2 for a bad filter as for a damaged file; only what it says of the file names it. */
async function checkedOutcome(
  ending: Promise<TsharkOutcome & { canceled: boolean }>,
  capture: Capture,
  filter: string,
): Promise<TsharkOutcome> {
  const { canceled, ...outcome } = await ending;
  const tried = `dissect ${capture.name}${filter === "" ? "" : ` with the filter ${filter}`}`;
  if (canceled) throw interrupted(tried);
  if (
    outcome.exitCode === 0 ||
    (outcome.exitCode === 2 && capture.facts.partial && outcome.stderr.includes(capture.name))
  )
    return outcome;
  const failed = outcome.stderr || `tshark ended with ${outcome.exitCode}`;
  if (filter !== "" && !failed.includes(capture.name)) {
    throw new SkbookError({
      code: "BAD_FILTER",
      tried,
      failed,
      todo: "correct the display filter: ip.addr == 192.0.2.1 && tcp.port == 443 (not tcpdump's syntax)",
      details: { filter },
    });
  }
  throw new SkbookError({
    code: "TSHARK_FAILED",
    tried,
    failed,
    todo: "see whether the file is still there and memory is left: tshark takes some 0.5 KB per packet",
    details: { ...outcome },
  });
}

function provenanceOf(
  capture: Capture,
  filter: string,
  recordingId: string | null,
  outcome: TsharkOutcome,
): Provenance {
  const { provenance } = capture;
  return {
    ...provenance,
    source: "packets",
    recordingId,
    partial: provenance.partial || outcome.exitCode !== 0,
    details: { ...provenance.details, filter, tshark: outcome.version },
  };
}
