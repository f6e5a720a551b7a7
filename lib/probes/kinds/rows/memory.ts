import type { Column, Value } from "../../../tables/index.js";
import type { ProgramRecord } from "../../engine/records.js";
import type { ReadContext } from "../../field.js";
import type { HookSite } from "../../site.js";
import { type Bpf, bpf, format, joined } from "../../text/bpf.js";
import type { HookAt } from "../hook-at.js";

// A program prints no line of more than some 500 bytes: what it says of one event is on its stack. So a row with bytes of the kernel's memory comes in
// several lines: its words, then the bytes, part by part. A CPU prints one event after the other, and lines of one CPU come in order: parts are put together
// by CPU, and where one is missing, or out of order, its event is not there. It was counted when it was printed, and so it is lost.

/** Columns that are made of bytes of the kernel's memory: more than a line has room for. */
export interface MemoryColumns {
  columns: readonly Column[];
  /** How many bytes are read at most, a multiple of {@link partBytes}: what is longer is cut. */
  most: number;
  /** Where they are, and how many. */
  say(site: HookSite): { address: Bpf; length: Bpf };
  /** Makes the values. @param bytes as many as there are, `most` at most. */
  read(bytes: Buffer, context: ReadContext): readonly Value[];
}

const wordBytes = 8;
/** Bytes of a line. */
export const partBytes = 24 * wordBytes;

/** First word of the lines that carry bytes of a row. */
const partWord = "part";

const [event, memory, size] = [bpf`$event`, bpf`$memory`, bpf`$size`];

/** What stands in front of a row's own words, so that its parts are found: CPU, event, bytes. */
export const rowHead: readonly Bpf[] = [bpf`cpu`, event, size];

/** Statements in front of a row, that set what {@link rowHead} and {@link printParts} say. */
export function beginParts({ most, say }: MemoryColumns, at: HookAt): Bpf {
  const { address, length } = say(at);
  return bpf`${event} = nsecs; ${memory} = ${address}; ${size} = ${length}; if (${size} > ${most}) { ${size} = ${most}; }`;
}

/** Statements behind a row, that print its bytes. What lies behind them is nobody's business: words there are 0. */
export function printParts({ most }: MemoryColumns, at: HookAt): Bpf {
  const parts = Array.from({ length: most / partBytes }, (_, part) => {
    const words = Array.from({ length: partBytes / wordBytes }, (_, index) => {
      const place = part * partBytes + index * wordBytes;
      return bpf`*(${memory} + ${place}) * (${size} > ${place})`;
    });
    const line = format(`${partWord}:${at.index}`, Array(3 + words.length).fill("%lld"));
    return bpf`if (${size} > ${part * partBytes}) { printf(${line}, cpu, ${event}, ${part}, ${joined(words, ", ")}); }`;
  });
  return joined(parts, "\n    ");
}

/** What a host says goes on for as long as it likes: no machine has more CPUs, and no row longer words. */
const [mostCpus, longestWords] = [4_096, 16_384];

interface Pending {
  event: string;
  record: ProgramRecord & { type: "line" };
  bytes: Buffer;
  /** How many bytes are there already. */
  filled: number;
}

/**
 * Puts rows together that came in several lines. Of each CPU no more than one is kept, so that no more memory is taken, whatever is lost or made up.
 *
 * @param word first word of a row.
 */
export function joinParts(word: string, { most }: Pick<MemoryColumns, "most">) {
  const pending = new Map<string, Pending>();
  const whole = (cpu: string, { record, bytes, filled }: Pending): ProgramRecord[] => {
    if (filled < bytes.length) return [];
    pending.delete(cpu);
    return [{ ...record, fields: [bytes.toString("base64"), ...record.fields] }];
  };
  return (record: ProgramRecord): readonly ProgramRecord[] => {
    if (record.type !== "line" || (record.word !== word && record.word !== partWord)) return [record];
    const [cpu = "", event = "", third = "", ...words] = record.fields;
    if (record.word === word) {
      checkLength(record.fields);
      const bytes = Buffer.alloc(sizeOf(third, most));
      const begun = { event, record: { ...record, fields: words }, bytes, filled: 0 };
      if (pending.size >= mostCpus) pending.clear();
      pending.set(cpu, begun);
      return whole(cpu, begun);
    }
    const begun = pending.get(cpu);
    if (begun === undefined) return [];
    const isNext = begun.event === event && Number(third) * partBytes === begun.filled;
    if (!isNext) {
      pending.delete(cpu);
      return [];
    }
    const part = Buffer.concat(words.slice(0, partBytes / wordBytes).map(bytesOf));
    part.copy(begun.bytes, begun.filled);
    begun.filled = Math.min(begun.bytes.length, begun.filled + part.length);
    return whole(cpu, begun);
  };
}

function checkLength(fields: readonly string[]): void {
  const length = fields.reduce((sum, one) => sum + one.length, 0);
  if (length > longestWords) throw new Error(`a row has ${length} characters, without its bytes`);
}

function sizeOf(word: string, most: number): number {
  const size = Number(word);
  if (Number.isInteger(size) && size >= 0 && size <= most) return size;
  throw new Error(`${word.slice(0, 40)} is no number of bytes up to ${most}`);
}

function bytesOf(word: string): Buffer {
  const bytes = Buffer.alloc(wordBytes);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(word)));
  return bytes;
}
