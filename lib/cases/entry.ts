import { createHash } from "node:crypto";
import { z } from "zod";
import { canonical } from "./canonical.js";
import type { Json, RunRequest } from "./request.js";

/** One finished run, as a line of `journal.log`. */
export interface JournalEntry {
  /** Unique in the case, in the order in which the runs were started: `0003-drop-summary`. */
  id: string;
  request: RunRequest;
  /** The notebook's cell that asked, and which of its executions; null outside a notebook. */
  cell: { id: string; execution: string } | null;
  outcome: unknown;
  /** null when the run produced no bytes. */
  payload: Payload | null;
}

export interface Payload {
  /** Path in the case, gzip-compressed. */
  path: string;
  /** Before compression. */
  bytes: number;
  /** Of the file as it lies in the case. */
  sha256: string;
}

export const recordingsFolder = "recordings";

/** A number and a name that are safe as a file's: at most 12 digits stay exact as numbers. */
const idPattern = /^(\d{4,12})-[a-z0-9-]{0,200}$/;

const Entry = z
  .strictObject({
    id: z.string().regex(idPattern),
    request: z.strictObject({
      kind: z.enum(["snapshot", "exec", "probe", "capture", "file", "tshark", "answer", "sockets"]),
      name: z.string(),
      host: z.string(),
      params: z.record(z.string(), z.unknown()),
    }),
    cell: z.strictObject({ id: z.string(), execution: z.string() }).nullable(),
    outcome: z.unknown(),
    payload: z
      .strictObject({
        path: z.string(),
        bytes: z.int().min(1),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      })
      .nullable(),
  })
  .refine(({ id, payload }) => payload === null || payload.path === payloadPath(id), {
    path: ["payload", "path"],
    error: "it is not the path that belongs to the id",
  });

/** What is kept in memory of a journal's line; the rest is read from its text when it is asked for. */
export class Recording {
  readonly id: string;
  readonly kind: RunRequest["kind"];
  readonly name: string;
  readonly host: string;
  readonly cell: JournalEntry["cell"];
  readonly payload: Payload | null;
  /** Hash of the request: equal for equal requests. */
  readonly key: string;
  /** The order in which the runs were started. */
  readonly number: number;

  private constructor(
    entry: JournalEntry,
    private readonly json: Uint8Array,
  ) {
    const { id, request, cell, payload } = entry;
    this.id = id;
    this.kind = request.kind;
    this.name = request.name;
    this.host = request.host;
    this.cell = cell;
    this.payload = payload;
    this.key = keyOf(request);
    this.number = numberOf(id) as number;
  }

  /**
   * The recording of a line that is the JSON of an entry.
   *
   * @throws Error in words, where it is not.
   */
  static of(json: Uint8Array): Recording {
    const value: unknown = parse(json);
    const checked = Entry.safeParse(value);
    if (!checked.success) throw new Error(z.prettifyError(checked.error));
    return new Recording(value as JournalEntry, json);
  }

  get outcome(): unknown {
    return (parse(this.json) as JournalEntry).outcome;
  }

  get params(): RunRequest["params"] {
    return (parse(this.json) as JournalEntry).request.params;
  }
}

export function keyOf(request: RunRequest): string {
  return createHash("sha256")
    .update(canonical(request as unknown as Json))
    .digest("base64");
}

export function payloadPath(id: string): string {
  return `${recordingsFolder}/${id}.gz`;
}

/** The number at the beginning of a recording's id or of its file's name; undefined for other names. */
export function numberOf(name: string): number | undefined {
  const digits = idPattern.exec(name.replace(/\.gz(?:\.unfinished)?$/, ""))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function parse(json: Uint8Array): unknown {
  return JSON.parse(new TextDecoder("utf8", { fatal: true, ignoreBOM: true }).decode(json));
}
