import type { EvidenceRow } from "../../findings/index.js";
import { type Column, deriveTable, type Table } from "../../tables/index.js";
import { connectionColumns, connectionViews } from "./connections.js";
import type { CheckedFilter } from "./options.js";
import { stepsOf } from "./steps.js";

/** What the rules about sockets look through. */
export class SocketSubject {
  private readonly made = new Map<string, Promise<Table>>();
  private madeSteps: Promise<Table> | undefined;

  constructor(
    readonly samples: Table,
    private readonly filter: CheckedFilter,
    readonly bandwidth: number | null,
  ) {}

  /** The kernel's settings where the samples are from; empty where they don't say. */
  get settings(): { readonly [path: string]: string } {
    return (this.samples.provenance.details.settings ?? {}) as { [path: string]: string };
  }

  /** The samples with what happened since the one before each: computed once. */
  steps(): Promise<Table> {
    this.madeSteps ??= stepsOf(this.samples, this.filter);
    return this.madeSteps;
  }

  /** One row per connection. */
  connections(): Promise<Table> {
    return this.table("connections", "SELECT * FROM connections", connectionColumns);
  }

  /** @param query over `steps` and `connections`. */
  table(source: string, query: string, columns: readonly Column[]): Promise<Table> {
    const known = this.made.get(query);
    if (known !== undefined) return known;
    const table = this.steps().then((steps) =>
      deriveTable(source, {
        sources: { steps },
        views: connectionViews(this.bandwidth),
        query,
        columns,
        provenance: { ...this.samples.provenance, source },
      }),
    );
    this.made.set(query, table);
    return table;
  }
}

/** "34 %": a share of 0 to 1. */
export function percent(share: EvidenceRow[string] | undefined): string {
  if (share === null || share === undefined) return "an unknown part";
  return `${Math.round(100 * Number(share))} %`;
}

/** "212 kB": a size to three digits. */
export function size(bytes: EvidenceRow[string] | undefined): string {
  if (bytes === null || bytes === undefined) return "unknown size";
  return scaled(Number(bytes), ["bytes", "kB", "MB", "GB", "TB"]);
}

/** "9.42 Gbit/s". */
export function speed(bits: EvidenceRow[string] | undefined): string {
  if (bits === null || bits === undefined) return "an unknown rate";
  return scaled(Number(bits), ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"]);
}

/** "2 Mbit/s (fq maxrate on eth0)": the lower of the rates that are set for a connection alone. */
export function setRate(row: EvidenceRow): string {
  const [own, queue] = [row.max_pacing_bits_per_second, row.queue_bits_per_second];
  const byQueue =
    String(row.queue_rate_by).startsWith("fq ") && !(own !== null && Number(own) < Number(queue));
  return byQueue ? `${speed(queue)} (${row.queue_rate_by})` : `${speed(own)} (SO_MAX_PACING_RATE)`;
}

function scaled(value: number, units: readonly string[]): string {
  const place = Math.max(
    0,
    Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, Math.abs(value))) / 3)),
  );
  return `${Number((value / 1_000 ** place).toPrecision(3))} ${units[place]}`;
}
