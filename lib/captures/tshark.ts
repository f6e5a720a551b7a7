import { basename } from "node:path";
import { z } from "zod";
import { interrupted } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import { type Execution, type Host, localhost, readText } from "../hosts/index.js";
import { answerTo, checkEnd } from "./answer.js";
import { type CaptureFacts, capinfosOptions, readFacts, withBlocks } from "./facts.js";
import { readPcapng } from "./pcapng.js";
import { readRemotePcapng } from "./remote-pcapng.js";
import { missing, startTool } from "./tool.js";
import { tsharkVersion } from "./version.js";

/** How a run of tshark ended, as a case keeps it. */
export interface TsharkOutcome {
  exitCode: number | null;
  /** Without the warning about root; the file is called by its name only. */
  stderr: string;
  version: string;
}

/** The same, as a case has it. */
export const tsharkOutcome: z.ZodType<TsharkOutcome> = z.looseObject({
  exitCode: z.number().nullable(),
  stderr: z.string(),
  version: z.string(),
});

/** How a run ended, whoever ended it. */
export type TsharkEnd = TsharkOutcome & { canceled: boolean };

/** Waits for the end of a run and says how it was; fails when the tool isn't there. */
export async function tsharkEnd(host: Host, execution: Execution, path: string): Promise<TsharkEnd> {
  const ownVersion = tsharkVersion(host);
  ownVersion.catch(() => {});
  const ended = await execution.ended;
  const stderr = ended.stderr
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("Running as user"))
    .join("\n")
    .replaceAll(path, basename(path));
  if (ended.exitCode === 127) throw missing(host, stderr);
  if (!ended.canceled) checkEnd(ended, `run tshark on ${host.name}`);
  return {
    exitCode: ended.exitCode,
    stderr,
    version: ended.canceled ? "" : await ownVersion,
    canceled: ended.canceled,
  };
}

/** Reads a capture file's facts. */
export async function captureFacts(host: Host, path: string): Promise<CaptureFacts> {
  const execution = startTool(host, "capinfos", [...capinfosOptions, path]);
  // Asked meanwhile, since its end is waited for, too.
  tsharkVersion(host).catch(() => {});
  const line = await readText(execution, 100_000, `open ${path} on ${host.name}`);
  const { exitCode, stderr, canceled } = await tsharkEnd(host, execution, path);
  if (canceled) throw interrupted(`open ${path}`);
  if (line.trim() === "" && /after reading [1-9]\d* packets/.test(stderr)) return damagedFacts(host, path);
  if (line.trim() === "") throw notACapture(path, stderr || `capinfos ended with ${exitCode}`);
  const facts = readFacts(line, exitCode);
  if (fileFormats.has(facts.linkType))
    throw notACapture(
      path,
      `tshark reads it as a file of the format ${facts.linkType}, which has no packets`,
    );
  if (facts.fileType !== "pcapng") return facts;
  const blocks = host === localhost() ? readPcapng(path).catch(() => null) : readRemotePcapng(host, path);
  return withBlocks(facts, await blocks);
}

/** What Wireshark reads of files that are no captures, each as one packet: pictures, documents, certificates, programs. */
const fileFormats = new Set(["mime", "mp4", "json", "rfc7468", "ber", "ruby_marshal"]);

/** Link types of switch tags by name (tcpdump.org: link-layer header types). */
const switchTags: Record<string, string> = {
  281: "Broadcom switch tag",
  282: "Broadcom switch tag, prepended",
  284: "DSA switch tag",
  285: "EtherType DSA switch tag",
};

function notACapture(path: string, failed: string): SkbookError {
  const link = /network type (\d+) unknown or unsupported/.exec(failed)?.[1];
  if (link !== undefined) {
    const tag = switchTags[link];
    return new SkbookError({
      code: "LINK_TYPE_UNKNOWN",
      tried: `open ${path}`,
      failed: `it is a capture of link type ${link}${tag === undefined ? "" : ` (${tag})`}, which the tshark there doesn't know`,
      todo: `install a newer Wireshark there, which may know it; or capture again ${tag === undefined ? "with another link type (tcpdump -L lists those of a device, -y chooses one)" : "on a port of the switch instead of the device that all of them share, whose packets have the tag"}`,
      details: { linkType: Number(link) },
    });
  }
  return new SkbookError({
    code: "NOT_A_CAPTURE",
    tried: `open ${path}`,
    failed,
    todo: "give a pcap or pcapng file, plain or compressed with gzip",
  });
}

/** capinfos says nothing of a file that is damaged in its midst, where tshark reads the packets before: of these it is asked then. */
async function damagedFacts(host: Host, path: string): Promise<CaptureFacts> {
  const script = [
    'case $(od -An -tx1 -N4 "$1" | tr -d " ") in 0a0d0d0a) type=pcapng ;; *) type=pcap ;; esac',
    'wc -c < "$1"',
    'editcap -F "$type" "$1" - | { shift; capinfos "$@" -; }',
  ].join("; ");
  const execution = startTool(host, "sh", ["-c", script, "sh", path, ...capinfosOptions]);
  const { text, stderr } = await answerTo(execution, `open ${path}`);
  const [fileBytes = "", line = ""] = text.split("\n");
  if (line === "") throw notACapture(path, stderr);
  return { ...readFacts(line, null), fileBytes: Number(fileBytes) };
}
