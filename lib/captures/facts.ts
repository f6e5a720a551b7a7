import { z } from "zod";

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
    firstPacket: known(first) === null ? null : first,
    lastPacket: known(last) === null ? null : last,
    durationSeconds: known(duration),
    inOrder: inOrder === "True",
    partial: exitCode !== 0,
  };
}

function known(text: string): number | null {
  const value = Number(text);
  return Number.isNaN(value) ? null : value;
}
