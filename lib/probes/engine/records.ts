import { z } from "zod";
import { clockWord, loadWord } from "../../hosts/index.js";

/** What a bpftrace program says, one by one. */
export type ProgramRecord =
  /** A line of the program's own: its first word and the fields behind it; of a row, the index of the hook that printed it. */
  | { type: "line"; word: string; hook: number; fields: string[] }
  /** How busy the host was before the program was started, as the host says it; what its clocks showed before the program was started, or after it had ended. */
  | { type: "load"; words: string }
  | { type: "clocks"; moment: "start" | "end"; line: string }
  /** A map, printed when the program ends: key words (none for a map without keys) to value. */
  | { type: "map"; name: string; entries: [key: string, value: unknown][] }
  /** Events that bpftrace says it lost since its last word on that. */
  | { type: "lost"; events: number }
  /** bpftrace reached its attach step; it says so even where attaching failed. */
  | { type: "attached"; probes: number }
  | { type: "unparsed"; line: string };

const clockLine = new RegExp(`^${clockWord} (start|end) (.*)$`);

const Line = z.object({ type: z.string(), data: z.unknown() });
const Lost = z.object({ events: z.number() });
const Attached = z.object({ probes: z.number() });
const Maps = z.record(z.string(), z.unknown());

/** Decodes one line of `bpftrace -f json`; blank lines between records give nothing. */
export function parseRecord(line: string): ProgramRecord[] {
  if (line === "") return [];
  const clock = clockLine.exec(line);
  if (clock) return [{ type: "clocks", moment: clock[1] as "start" | "end", line: clock[2] ?? "" }];
  if (line.startsWith(`${loadWord} `)) return [{ type: "load", words: line.slice(loadWord.length + 1) }];
  const { type, data } = parseJson(line);
  if (type === "printf" && typeof data === "string") return [ownLine(data)];
  if (type === "map" || type === "hist" || type === "stats") {
    const maps = Maps.safeParse(data);
    if (maps.success)
      return Object.entries(maps.data).map(([name, value]) => ({
        type: "map",
        name,
        entries: entriesOf(value),
      }));
  }
  const lost = type === "lost_events" ? Lost.safeParse(data) : undefined;
  if (lost?.success) return [{ type: "lost", events: lost.data.events }];
  const attached = type === "attached_probes" ? Attached.safeParse(data) : undefined;
  if (attached?.success) return [{ type: "attached", probes: attached.data.probes }];
  return [{ type: "unparsed", line }];
}

/** The hot path is one object per event: validated by hand. */
function parseJson(line: string): { type?: unknown; data?: unknown } {
  try {
    return Line.parse(JSON.parse(line));
  } catch {
    return {};
  }
}

function ownLine(text: string): ProgramRecord {
  const [head = "", ...fields] = text.replace(/\n$/, "").split("\t");
  const colon = head.indexOf(":");
  const [word, hook] = colon < 0 ? [head, -1] : [head.slice(0, colon), Number(head.slice(colon + 1))];
  return { type: "line", word, hook, fields };
}

function entriesOf(value: unknown): [string, unknown][] {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return Object.entries(value);
  return [["", value]];
}

/** A count, as a map has it; fails for what is none. */
export function countOf(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw new Error(`${JSON.stringify(value)?.slice(0, 40)} is no count`);
}

/** A sum beyond 2^63 may come as a negative number. */
const Stats = z.object({ count: z.int().min(1), total: z.number() });

/** Number and sum, as `stats()` keeps them; fails for what is none. */
export function statsOf(value: unknown): { count: number; total: number } {
  const stats = Stats.safeParse(value);
  if (stats.success) return stats.data;
  throw new Error(`${JSON.stringify(value)?.slice(0, 40)} is no count and sum`);
}

/** No row is as long; what is, is a map, or not what a program says. */
const longBytes = 2 ** 20;
/** A map with all keys that it may have has fewer parts by far. */
const maxParts = 2_000_000;

/** Whether a line would take more memory as a value than any map's does: a few bytes of JSON can stand for many objects. */
export function isOverfull(line: string): boolean {
  if (line.length < longBytes) return false;
  let parts = 0;
  for (let at = 0; at < line.length; at++) {
    const code = line.charCodeAt(at);
    // Comma, [ and {.
    if (code === 0x2c || code === 0x5b || code === 0x7b) parts++;
  }
  return parts > maxParts;
}
