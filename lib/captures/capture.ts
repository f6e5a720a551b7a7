import { jupyterDisplay, type MimeBundle } from "../cell/index.js";
import { type Host, localhost } from "../hosts/index.js";
import {
  type Column,
  type PacketSource,
  type Provenance,
  packetTable,
  renderTable,
  type Value,
} from "../tables/index.js";
import type { CaptureFacts } from "./facts.js";
import { fetchFile } from "./fetch.js";
import type { CaptureFile } from "./file.js";

const shown: Column[] = [
  { name: "capture", type: "VARCHAR", meaning: "what the file says of itself" },
  { name: "value", type: "VARCHAR", meaning: "value" },
];

/** A capture file that was opened: what `packets`, `overview` and `flows` take. */
export class Capture implements CaptureFile, PacketSource {
  /** Its packets; set by packet-source.ts. */
  declare [packetTable]: PacketSource[typeof packetTable];

  /** Not a property of its own, so that whoever prints a capture doesn't print a connection. */
  readonly #host: Host;

  constructor(
    /** File name, without its folder. */
    readonly name: string,
    /** Where the file is on its host; null in a replay, which doesn't need it. */
    readonly path: string | null,
    /** SHA-256 of the file; null when no case is open. */
    readonly sha256: string | null,
    /** What the file says of itself. */
    readonly facts: CaptureFacts,
    /** Where it comes from, and what may be missing. */
    readonly provenance: Provenance,
    host: Host = localhost(),
  ) {
    this.#host = host;
  }

  /** The machine that the file is on, and that tshark runs on: this one, unless it was opened on another. */
  get host(): Host {
    return this.#host;
  }

  /**
   * Brings the file of a capture that was opened on another host to this machine, compressed on its way.
   *
   * @param options.saveAs where to keep it. Default: a temporary file that goes with the session.
   * @param options.overwrite replace a file that is there. Default false.
   * @returns the same capture, on this machine; one that is here already is returned as it is.
   * @throws SkbookError `FILE_CHANGED`, `FILE_EXISTS`, `WRITE_FAILED`, `FETCH_FAILED`, `CONNECTION_LOST`, `INTERRUPTED`, `NOT_RECORDED`.
   */
  async fetch(options: { saveAs?: string; overwrite?: boolean } = {}): Promise<Capture> {
    if (this.host === localhost()) return this;
    const { name, path, sha256, recordingId } = await fetchFile(this, options);
    return new Capture(name, path, sha256, this.facts, { ...this.provenance, recordingId });
  }

  [jupyterDisplay](): MimeBundle {
    const { facts } = this;
    const count = (value: number) => value.toLocaleString("en-US");
    const rows: Value[][] = [
      ["name", this.name],
      ["type", `${facts.fileType}, ${facts.linkType}`],
      ["packets", count(facts.packets)],
      ["bytes on the wire", count(facts.wireBytes)],
      ["first packet", utc(facts.firstPacket)],
      ["last packet", utc(facts.lastPacket)],
      ["duration", facts.durationSeconds === null ? null : `${facts.durationSeconds} s`],
      ["snap length", facts.snapLengthBytes === null ? null : `${count(facts.snapLengthBytes)} bytes`],
      ["in order of time", facts.inOrder ? "yes" : "no"],
    ];
    return renderTable({ columns: shown, rows, total: rows.length, provenance: this.provenance });
  }
}

/** The provenance that a capture's facts give, where nothing more is known. */
export function fileProvenance(name: string, facts: CaptureFacts, recordingId: string | null): Provenance {
  return {
    source: "openCapture",
    host: null,
    recordingId,
    startedAt: utc(facts.firstPacket),
    endedAt: utc(facts.lastPacket),
    lost: facts.lost ?? "unknown",
    truncated: false,
    partial: facts.partial,
    notes: facts.partial ? [`${name} is damaged or cut short: only its readable packets are here.`] : [],
    details: { file: name, packets: facts.packets },
  };
}

/** `1436720898.354402` as ISO 8601, all digits kept. */
function utc(seconds: string | null): string | null {
  if (seconds === null) return null;
  const [, sign, digits = "0", part] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(seconds) ?? [];
  // Before 1970 the fraction counts from the second before.
  const back = sign === "-" && Number(part ?? 0) > 0;
  const fraction = back
    ? String(10n ** BigInt(part?.length ?? 0) - BigInt(part ?? 0)).padStart(part?.length ?? 0, "0")
    : part;
  const date = new Date((sign === "-" ? -Number(digits) - (back ? 1 : 0) : Number(digits)) * 1000);
  if (Number.isNaN(date.getTime())) return null;
  return `${date.toISOString().slice(0, -5)}${fraction === undefined ? "" : `.${fraction}`}Z`;
}
