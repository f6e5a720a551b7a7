import { interrupted } from "../../cell/index.js";
import { SkbookError } from "../../errors/index.js";
import { localhost } from "../../hosts/index.js";
import type { Capture } from "../capture.js";
import { unzipped } from "../gunzip.js";
import { planShards, startShards } from "../shards/index.js";
import { becomeTshark, startTool } from "../tool.js";
import { type TsharkEnd, tsharkEnd } from "../tshark.js";
import type { Printed } from "./fields.js";

/** Of the packet Table: everything that could change a result and that a later tshark might have another default for. */
export const packetSettings: readonly string[] = [
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

/** A run of tshark over a capture: lines of tab-separated fields. */
export interface Dissection {
  bytes: AsyncIterable<Uint8Array>;
  ended: Promise<TsharkEnd>;
}

/**
 * Starts tshark where the capture is: on this machine in several processes where that pays, elsewhere with compressed output.
 *
 * @param onAhead called with how many packets more were dissected, which are not among the bytes yet.
 */
export async function startDissection(
  { host, path, facts }: Capture,
  { printed, filter, settings }: { printed: readonly Printed[]; filter: string; settings: readonly string[] },
  onAhead: (packets: number) => void,
): Promise<Dissection> {
  const file = path as string;
  const args = tsharkArguments(printed, filter, settings);
  if (host !== localhost()) return startRemote(host, file, args);
  // A display filter may ask for numbers of packets and conversations, which are other numbers in a part of the file.
  const plan = filter === "" ? await planShards(file, facts.packets) : null;
  if (plan !== null) {
    const names = printed.map(({ name }) => name);
    return startShards(plan, args, names, onAhead);
  }
  const execution = startTool(host, "sh", ["-c", becomeTshark, "sh", "-r", file, ...args]);
  return { bytes: execution, ended: tsharkEnd(host, execution, file) };
}

/** Summary columns, since `-T fields` builds the whole protocol tree of each packet: the same values for two thirds of the time. */
export function tsharkArguments(
  printed: readonly Printed[],
  filter: string,
  settings: readonly string[] = packetSettings,
): string[] {
  const format = printed.flatMap(({ column }) => [`"${column}"`, `"${customColumn(column)}"`]).join(",");
  return [
    "-n",
    ...(filter === "" ? [] : ["-Y", filter]),
    ...settings.flatMap((setting) => ["-o", setting]),
    ...["-T", "tabs", "-o", `gui.column.format:${format}`],
  ];
}

/** All values of a field: numbers as they are, or tshark's words for them. */
function customColumn(name: string): string {
  if (name === "%p") return name;
  return name.endsWith(":R") ? `%Cus:${name.slice(0, -2)}:0:R` : `%Cus:${name}:0:U`;
}

/** What tshark ended with, since the shell of a pipe says only how gzip did. */
const endLine = /^skbook-tshark (\d+)\n?/m;

function startRemote(host: Capture["host"], file: string, args: readonly string[]): Dissection {
  const script = 'file=$1; shift; { tshark -r "$file" "$@"; echo "skbook-tshark $?" >&2; } | gzip -1';
  const execution = startTool(host, "sh", ["-c", script, "sh", file, ...args]);
  const ended = tsharkEnd(host, execution, file).then((end) => ({
    ...end,
    exitCode: Number(endLine.exec(end.stderr)?.[1] ?? end.exitCode ?? 1),
    stderr: end.stderr.replace(endLine, "").trimEnd(),
  }));
  ended.catch(() => {});
  const broken = ended.then((end) => brokenOff(host.name, file, end));
  // Asked only where the bytes do break off.
  broken.catch(() => {});
  return { bytes: unzipped(execution, broken), ended };
}

/** Why the bytes from the host are not whole. */
function brokenOff(host: string, file: string, { canceled, stderr }: TsharkEnd): never {
  const tried = `dissect ${file} on ${host}`;
  if (canceled) throw interrupted(tried);
  throw new SkbookError({
    code: "TSHARK_FAILED",
    tried,
    failed: stderr || "its output broke off",
    todo: "run the cell again; see that tshark and gzip run on the host",
  });
}
