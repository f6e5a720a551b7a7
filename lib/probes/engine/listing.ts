import { jupyterDisplay, type MimeBundle } from "../../cell/index.js";
import { escapeHtml } from "../../html/index.js";
import type { ClauseSize } from "./elf.js";
import type { MapMemory } from "./memory.js";

/** What a probe would run on a host. */
export interface ListingFacts {
  probe: string;
  host: string;
  /** The whole bpftrace program. */
  program: string;
  /** What it attaches to. */
  attached: readonly string[];
  /** Hooks that it can do without, and the host lacks: why. */
  missing: readonly string[];
  /** Where the kernel has the fields that it reads, in bytes from the beginning of their struct. */
  layout: { readonly [field: string]: number };
  /** Memory that the kernel would set aside for its maps, at most. */
  maps: readonly MapMemory[];
  /** Instructions of each clause, as that host's bpftrace compiles them; null where it could not, and a note says why. */
  instructions: readonly ClauseSize[] | null;
  /** How long a call takes, as far as that is known before. */
  takes: readonly string[];
  /** What a reader must know. */
  notes: readonly string[];
}

// The class twice: JupyterLab's own style of pre breaks lines within words.
const style =
  ".skbook-listing.skbook-listing pre{overflow-x:auto;white-space:pre;word-break:normal;overflow-wrap:normal;" +
  "border:1px solid rgba(128,128,128,.4);padding:6px 10px;margin:4px 0}" +
  "@media print{.skbook-listing.skbook-listing pre{white-space:pre-wrap}}";

/** A program that was written and not run, with what it would cost. */
export class Listing implements ListingFacts {
  readonly probe!: string;
  readonly host!: string;
  readonly program!: string;
  readonly attached!: readonly string[];
  readonly missing!: readonly string[];
  readonly layout!: { readonly [field: string]: number };
  readonly maps!: readonly MapMemory[];
  readonly instructions!: readonly ClauseSize[] | null;
  readonly takes!: readonly string[];
  readonly notes!: readonly string[];

  constructor(facts: ListingFacts) {
    Object.assign(this, facts);
  }

  /** Memory of all maps at most, in bytes. */
  get mapBytes(): number {
    return this.maps.reduce((all, { bytes }) => all + bytes, 0);
  }

  toString(): string {
    return [this.title, ...this.lines, "", this.program].join("\n");
  }

  [jupyterDisplay](): MimeBundle {
    const html = [
      `<div class="skbook-listing"><style>${style}</style><b>${escapeHtml(this.title)}</b>`,
      `<p>${this.lines.map(escapeHtml).join("<br>")}</p>`,
      `<pre>${escapeHtml(this.program)}</pre></div>`,
    ].join("");
    return { "text/html": html, "text/plain": this.toString() };
  }

  private get title(): string {
    return `${this.probe} on ${this.host}, not run`;
  }

  private get lines(): string[] {
    const sizes = this.instructions?.map(({ clause, instructions }) => `${clause} ${instructions}`);
    return [
      `takes ${this.takes.join(", ")}`,
      `attaches to ${this.attached.join(", ")}`,
      ...this.missing.map((why) => `not attached: ${why}`),
      `maps take ${(this.mapBytes / 2 ** 20).toFixed(1)} MiB of the kernel's memory: ${this.maps.map(({ map, bytes }) => `${map} ${(bytes / 2 ** 10).toFixed(0)} KiB`).join(", ")}`,
      `instructions: ${sizes?.join(", ") ?? "unknown"}`,
      ...this.notes,
    ];
  }
}
