import { type Run, recordedRun } from "../cases/index.js";
import { interrupted } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import { lines } from "../hosts/index.js";
import { type Column, createTable, type Table } from "../tables/index.js";
import type { Capture } from "./capture.js";
import { resolveFields } from "./fields/index.js";
import { startTool } from "./tool.js";
import { type TsharkEnd, type TsharkOutcome, tsharkEnd, tsharkOutcome } from "./tshark.js";

const columns: Column[] = [
  { name: "frame", type: "INTEGER", meaning: "number of the packet in the file, from 1" },
  { name: "protocols", type: "VARCHAR", meaning: "all layers, outermost first" },
  {
    name: "reason",
    type: "VARCHAR",
    meaning: "what tshark says: a malformed packet, or an error of its own dissector",
  },
];

/** What tshark says of one packet. */
const maxLineBytes = 4 * 2 ** 20;

/** Messages are put together from segments here: a message cut in two would look malformed. */
const settings = ["tcp.desegment_tcp_streams:TRUE", "ip.defragment:TRUE", "ipv6.defragment:TRUE"];
const fields = ["frame.number", "frame.protocols", "_ws.malformed"];

/**
 * Packets of which tshark could make no sense: damaged, of another protocol than their port says, or a fault of tshark's
 * own dissector. It reads the whole file once more, with its messages put together: some 20 s per GB.
 *
 * Columns:
 * - `frame` INTEGER: number of the packet in the file, from 1
 * - `protocols` VARCHAR: all layers, outermost first
 * - `reason` VARCHAR: what tshark says: a malformed packet, or an error of its own dissector
 *
 * @returns a Table, one row per packet, in the order of the file.
 * @throws SkbookError `TSHARK_MISSING`, `TSHARK_FAILED`, `FIELD_UNKNOWN`, `INTERRUPTED`, and the host's own; in a replay `NOT_RECORDED`.
 */
export async function malformed(capture: Capture): Promise<Table> {
  await resolveFields(capture.host, fields, new Set(fields));
  const writer = await createTable("malformed", columns);
  try {
    const params = { capture: capture.sha256, fields, settings };
    const run = await recordedRun(
      { kind: "tshark", name: "malformed", host: capture.host.name, params },
      tsharkOutcome,
      () => start(capture),
    );
    run.outcome.catch(() => {});
    const tried = `look for malformed packets in ${capture.name}`;
    for await (const batch of lines(run.bytes, maxLineBytes, tried)) {
      const rows = batch.map((line) => line.split("\t"));
      writer.append(
        rows.map(([frame, protocols = null, reason = null]) => [Number(frame), protocols, reason]),
      );
    }
    const { exitCode } = await run.outcome;
    const { provenance } = capture;
    return await writer.finish({
      ...provenance,
      source: "malformed",
      recordingId: run.recordingId,
      partial: provenance.partial || exitCode !== 0,
    });
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

function start(capture: Capture): Run<TsharkOutcome> {
  const path = capture.path as string;
  const execution = startTool(capture.host, "tshark", [
    ...["-n", "-r", path, "-Y", "_ws.malformed", "-T", "fields"],
    ...settings.flatMap((setting) => ["-o", setting]),
    ...fields.flatMap((field) => ["-e", field]),
  ]);
  return { bytes: execution, outcome: checked(tsharkEnd(capture.host, execution, path), capture) };
}

async function checked(ending: Promise<TsharkEnd>, capture: Capture): Promise<TsharkOutcome> {
  const { canceled, ...outcome } = await ending;
  const tried = `look for malformed packets in ${capture.name}`;
  if (canceled) throw interrupted(tried);
  if (outcome.exitCode === 0 || (outcome.exitCode === 2 && capture.facts.partial)) return outcome;
  throw new SkbookError({
    code: "TSHARK_FAILED",
    tried,
    failed: outcome.stderr || `tshark ended with ${outcome.exitCode}`,
    todo: "see whether the file is still there and memory is left: tshark takes some 1 KB per packet",
  });
}
