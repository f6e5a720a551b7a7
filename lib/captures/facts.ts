import { z } from "zod";
import type { PcapngFacts } from "./pcapng.js";

/** What a capture file says of itself, without dissecting it. */
export interface CaptureFacts {
  /** `pcap`, `pcapng`, ... */
  fileType: string;
  /** `ether`, `linux-sll`, `rawip`, ... */
  linkType: string;
  /** null where the file doesn't say. */
  snapLengthBytes: number | null;
  packets: number;
  fileBytes: number;
  /** All packets together, as long as they were on the wire. */
  wireBytes: number;
  /** Seconds since 1970 with their fraction, as the file has them; null without packets or times. */
  firstPacket: string | null;
  lastPacket: string | null;
  durationSeconds: number | null;
  /** Every packet is at least as late as the one before. */
  inOrder: boolean;
  /** The file is damaged or ends in the middle of a packet. */
  partial: boolean;
  /** Packets that the capturing program lost, by what a pcapng file says; null or absent where it doesn't say. */
  lost?: number | null;
  /** Names of the interfaces of a pcapng file, by their numbers. */
  interfaces?: (string | null)[];
}

/** The same, as a case has them. */
export const captureFactsOf: z.ZodType<CaptureFacts> = z.looseObject({
  fileType: z.string(),
  linkType: z.string(),
  snapLengthBytes: z.number().nullable(),
  packets: z.number(),
  fileBytes: z.number(),
  wireBytes: z.number(),
  firstPacket: z.string().nullable(),
  lastPacket: z.string().nullable(),
  durationSeconds: z.number().nullable(),
  inOrder: z.boolean(),
  partial: z.boolean(),
  lost: z.number().nullable().exactOptional(),
  interfaces: z.array(z.string().nullable()).exactOptional(),
});

/** A file that was opened, as a case has it; its hash is null where none was recorded. */
export const recordedFile = z.looseObject({ sha256: z.string().nullable(), facts: captureFactsOf });

/** The order of capinfos' columns is its own, whatever the order of these options. */
export const capinfosOptions = ["-T", "-r", "-S", "-t", "-E", "-l", "-c", "-s", "-d", "-u", "-a", "-e", "-o"];

/** Reads the one line that capinfos prints with {@link capinfosOptions}. The file's name may hold tabs, so it counts from the end. */
export function readFacts(line: string, exitCode: number | null): CaptureFacts {
  const [fileType, linkType, snapLength, , , packets, fileBytes, wireBytes, duration, first, last, inOrder] =
    line.trimEnd().split("\t").slice(-12) as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
  return {
    fileType,
    linkType,
    snapLengthBytes: known(snapLength),
    packets: Number(packets),
    fileBytes: Number(fileBytes),
    wireBytes: Number(wireBytes),
    firstPacket: known(first) === null ? null : passed(first),
    lastPacket: known(last) === null ? null : passed(last),
    durationSeconds: known(duration),
    inOrder: inOrder === "True",
    partial: exitCode !== 0,
  };
}

/** Before 1970, capinfos prints the second that a time lies in, with its sign, and the part of it that has passed: -1.85 is -0.15. */
function passed(seconds: string): string {
  const [, whole, fraction = ""] = /^-(\d+)\.(\d+)$/.exec(seconds) ?? [];
  if (whole === undefined || Number(whole) === 0) return seconds;
  const unit = 10n ** BigInt(fraction.length);
  const left = BigInt(whole) * unit - BigInt(fraction);
  return `-${left / unit}.${String(left % unit).padStart(fraction.length, "0")}`;
}

/** The same, with what the blocks of a pcapng file say. */
export function withBlocks(facts: CaptureFacts, blocks: PcapngFacts | null): CaptureFacts {
  if (blocks === null) return facts;
  const { lost, interfaces, times } = blocks;
  const more = { ...facts, lost, interfaces };
  // A record without a time hides the others' from capinfos.
  if (times === null || facts.firstPacket !== null) return more;
  return {
    ...more,
    firstPacket: inSeconds(times.first),
    lastPacket: inSeconds(times.last),
    durationSeconds: Number(times.last - times.first) / 1e9,
    inOrder: times.inOrder,
  };
}

function inSeconds(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  return `${ns < 0n ? "-" : ""}${size / 1_000_000_000n}.${String(size % 1_000_000_000n).padStart(9, "0")}`;
}

function known(text: string): number | null {
  const value = Number(text);
  return Number.isNaN(value) ? null : value;
}
