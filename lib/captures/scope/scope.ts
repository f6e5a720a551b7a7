import { SkbookError } from "../../errors/index.js";
import {
  type Column,
  type Derivation,
  deriveFrame,
  deriveTable,
  type Frame,
  type Provenance,
  type Table,
} from "../../tables/index.js";
import { type Base, baseOf } from "../base/index.js";
import type { Capture } from "../capture.js";
import { packets as packetsOf } from "../packets/index.js";
import { type Pass, passOver } from "../passes/index.js";
import { prefiltered } from "../prefilter.js";
import { choose, looseSql } from "./choose.js";
import { checkedFilter, type TrafficFilter } from "./filter.js";
import { momentNs } from "./moment.js";

/** What an analysis computes; `query` and `views` may name the relations of a {@link Scope}, and the Tables that those are made of: `packets`, `sides`, `untimed`, `clock`. */
export interface Analysis {
  /** Name of the function that gives it out. */
  source: string;
  /** SELECT over the relations. */
  query: string;
  /** Further Tables that it names. */
  sources?: { [name: string]: Table };
  /** Further relations, each of which may name the ones before it. */
  views?: { [name: string]: string };
  columns: readonly Column[];
  /**
   * `FROM packets WHERE ...`, or another Table of the whole capture: what there has to be for there to be any row. Where it isn't there, nothing
   * else is read: few captures have all protocols and troubles.
   */
  needs?: string;
}

/** What a {@link Scope} is made of. */
interface Parts {
  sources: Derivation["sources"];
  /** What stands for columns of the packets. */
  replaced: string;
  where: string;
  /** The display filter that leaves one point of capture. */
  point: string;
  /** A Table of one row per packet; where the packets are only some of those, it goes by their numbers. */
  more?: { rows: string; beside: "placed" | "numbered"; replaces: readonly string[] };
}

/**
 * The part of a capture that a filter takes, as relations: `seen` has its packets with `flow_number`, `from_client`, `about_number` and
 * `copy`; `own` leaves copies out; `tcp` has what is TCP of that; `conversations` describes each `flow_number`. `picked` is `own` for conditions on
 * the packets themselves that few of them meet: of the others nothing but these columns is read. What a pass replaces is not in it.
 */
export class Scope {
  private readonly made = new Map<string, Promise<Table>>();
  private readonly passes = new Map<string, Promise<Scope>>();
  private readonly present = new Map<string, Promise<boolean>>();

  constructor(
    private readonly parts: Parts,
    readonly provenance: Provenance,
    /** What its frames are counted in: the capture itself, or what `bpf` left of it. */
    readonly capture: Capture,
  ) {}

  /**
   * The same part, with what a pass over the packets says: its first Table's columns are in `seen`, `own` and `tcp`, its other Tables are
   * relations. A pass goes through all packets, whatever the filter shows.
   */
  with(pass: Pass): Promise<Scope> {
    const known = this.passes.get(pass.name);
    if (known !== undefined) return known;
    const scope = this.passed(pass);
    this.passes.set(pass.name, scope);
    scope.catch(() => this.passes.delete(pass.name));
    return scope;
  }

  private async passed(pass: Pass): Promise<Scope> {
    const { parts, provenance, capture } = this;
    const all = await packetsOf(capture, { filter: parts.point });
    const tables = await passOver(all, capture, pass);
    const [rows] = Object.keys(tables) as [string];
    const beside = all === parts.sources.packets ? "placed" : "numbered";
    const more = { rows, beside, replaces: pass.replaces } as const;
    return new Scope({ ...parts, sources: { ...parts.sources, ...tables }, more }, provenance, capture);
  }

  /** The answer as a Table; asked again, the same one. */
  table(analysis: Analysis): Promise<Table> {
    const named = Object.entries(analysis.sources ?? {}).map(([name, table]) => [name, table.name]);
    const key = JSON.stringify([analysis.source, analysis.query, analysis.views, named]);
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const table = this.derived(analysis);
    this.made.set(key, table);
    table.catch(() => this.made.delete(key));
    return table;
  }

  private async derived(analysis: Analysis): Promise<Table> {
    const { source, columns, needs } = analysis;
    const derivation = this.derivation(analysis);
    if (needs === undefined || (await this.has(needs))) return deriveTable(source, derivation);
    const nothing = columns.map(({ name }) => `NULL AS "${name}"`).join(", ");
    return deriveTable(source, { ...derivation, bases: {}, views: {}, query: `SELECT ${nothing} LIMIT 0` });
  }

  /** Whether there is what an analysis needs. */
  private has(needed: string): Promise<boolean> {
    const known = this.present.get(needed);
    if (known !== undefined) return known;
    const found = deriveFrame({
      sources: this.parts.sources,
      query: `SELECT 1 AS found ${needed} LIMIT 1`,
      columns: [{ name: "found", type: "INTEGER", meaning: "there is one" }],
      provenance: this.provenance,
    }).then(({ shape }) => shape[0] === 1);
    this.present.set(needed, found);
    found.catch(() => this.present.delete(needed));
    return found;
  }

  /** The answer as a Frame: for what is small whatever the capture. */
  frame(analysis: Analysis): Promise<Frame> {
    return deriveFrame(this.derivation(analysis));
  }

  private derivation({ source, query, views, columns, sources }: Analysis): Derivation {
    return {
      sources: { ...this.parts.sources, ...sources },
      bases: viewsOf(this.parts),
      views: views ?? {},
      query,
      columns,
      provenance: { ...this.provenance, source },
    };
  }
}

const made = new WeakMap<Table, Map<string, Promise<Scope>>>();

/**
 * Takes the part of a capture that a filter chooses.
 *
 * @throws SkbookError as `packets` does; `BAD_PARAMETER` for a wrong condition, `NOTHING_MATCHES` with a hint for one that nothing meets.
 */
export async function scopeOf(capture: Capture, filter: TrafficFilter): Promise<Scope> {
  const { filter: display = "", bpf, ...chosen } = checkedFilter(filter);
  const source = bpf === undefined ? capture : await prefiltered(capture, bpf);
  const packets = await packetsOf(source, { filter: displayFilter(display, chosen.interface) });
  const scopes = made.get(packets) ?? new Map<string, Promise<Scope>>();
  made.set(packets, scopes);
  const key = JSON.stringify([display, chosen]);
  const known = scopes.get(key);
  if (known !== undefined) return known;
  const scope = makeScope(baseOf(packets), { display, chosen }, source, capture.provenance.startedAt);
  scopes.set(key, scope);
  scope.catch(() => scopes.delete(key));
  return scope;
}

/** Another point's packets are no copies once they are left out, so tshark leaves them out. */
function displayFilter(display: string, point: number | undefined): string {
  if (point === undefined) return display;
  return [`frame.interface_id == ${point}`, ...(display === "" ? [] : [`(${display})`])].join(" && ");
}

/** `startedAt` is the time of the capture's first packet, which need not be among `base`'s. */
async function makeScope(
  base: Base,
  { display, chosen: filter }: { display: string; chosen: TrafficFilter },
  capture: Capture,
  startedAt: string | null,
): Promise<Scope> {
  const { packets, conversations, sides, untimed, clock, copies } = base;
  const { from, to, interface: point, ...ends } = filter;
  if (point !== undefined && (await packets.count()) === 0) throw noSuchPoint(point, display);
  const conditions = await timeConditions(packets, startedAt, from, to);
  const sources: Derivation["sources"] = { packets, conversations, sides, untimed, clock };
  if (Object.keys(ends).length > 0) {
    const loose = await looseSql(base, ends);
    sources.chosen = await choose(base, ends, loose);
    const of = (column: string) => `${column} IN (SELECT flow_number FROM chosen)`;
    const unowned = loose === null ? [] : [`(flow_number IS NULL AND ${loose})`];
    conditions.push(`(${[of("flow_number"), of("about_number"), ...unowned].join(" OR ")})`);
  }
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const replaced = (await untimed.count()) === 0 ? "" : ` REPLACE (${knownTime} AS time_ns)`;
  const { provenance } = packets;
  const notes = copies === 0 ? [] : [copiesNote(copies)];
  const described = {
    ...provenance,
    notes: [...provenance.notes, ...notes],
    details: {
      ...provenance.details,
      filter: display,
      ...(Object.keys(filter).length > 0 && { traffic: JSON.stringify(filter) }),
    },
  };
  return new Scope({ sources, replaced, where, point: displayFilter("", point) }, described, capture);
}

function viewsOf({ replaced, where, more }: Parts): { [name: string]: string } {
  // All have one row per packet in the same order: joining them by place takes a quarter of the time of joining by number.
  const joined = { placed: "POSITIONAL JOIN", numbered: "JOIN" };
  const left = more === undefined ? "" : ` EXCLUDE (${more.replaces.join(", ")})`;
  const columns = [`packets.*${left}${replaced}`, "sides.* EXCLUDE (frame)"];
  let from = "packets POSITIONAL JOIN sides";
  if (more !== undefined) {
    columns.push(`${more.rows}.* EXCLUDE (frame)`);
    from += ` ${joined[more.beside]} ${more.rows}`;
    if (more.beside === "numbered") from += ` ON ${more.rows}.frame = packets.frame`;
  }
  return {
    seen: `SELECT ${columns.join(", ")} FROM ${from}${where}`,
    own: "SELECT * FROM seen WHERE NOT copy",
    picked: `SELECT packets.*${left}${replaced}, sides.* EXCLUDE (frame) FROM packets JOIN sides USING (frame)${where}${where === "" ? " WHERE" : " AND"} NOT copy`,
    tcp: tcpSql,
  };
}

/** A time that can't be is unknown. */
const knownTime = "CASE WHEN packets.frame NOT IN (SELECT frame FROM untimed) THEN packets.time_ns END";

const tcpSql = `
  SELECT *, CASE WHEN from_client THEN 'client' ELSE 'server' END AS sender,
    contains(tcp_flags, 'SYN') AS syn, contains(tcp_flags, 'ACK') AS ack,
    contains(tcp_flags, 'FIN') AS fin, contains(tcp_flags, 'RST') AS rst
  FROM own WHERE transport = 'tcp'`;

function copiesNote(copies: number): string {
  return `The capture has ${copies.toLocaleString("en-US")} packets twice; analyses of TCP, DNS, ICMP and datagrams leave the copies out.`;
}

async function timeConditions(
  packets: Table,
  startedAt: string | null,
  from?: number | string,
  to?: number | string,
): Promise<string[]> {
  if (from === undefined && to === undefined) return [];
  const span = await packets.sql("SELECT min(time_ns)::VARCHAR, max(time_ns)::VARCHAR FROM this");
  const [first, last] = (span.values[0] as (string | null)[]).map((time) => BigInt(time ?? 0)) as [
    bigint,
    bigint,
  ];
  const start = startedAt === null ? first : momentNs(startedAt, first);
  const fromNs = from === undefined ? first : momentNs(from, start);
  const toNs = to === undefined ? last : momentNs(to, start);
  if (fromNs > toNs || fromNs > last || toNs < first) throw outside(first, last, from, to);
  return [`time_ns BETWEEN ${fromNs} AND ${toNs}`];
}

function outside(first: bigint, last: bigint, from?: number | string, to?: number | string): SkbookError {
  const utc = (ns: bigint) => new Date(Number(ns / 1_000_000n)).toISOString();
  return new SkbookError({
    code: "NOTHING_MATCHES",
    tried: `take the packets from ${from ?? "the start"} to ${to ?? "the end"}`,
    failed: `the capture goes from ${utc(first)} to ${utc(last)}: ${Number(last - first) / 1e9} s`,
    todo: "give seconds since its first packet, or times within it, from before to",
  });
}

function noSuchPoint(point: number, display: string): SkbookError {
  return new SkbookError({
    code: "NOTHING_MATCHES",
    tried: `take the packets of interface ${point}${display === "" ? "" : ` that the filter ${display} shows`}`,
    failed: "there are none",
    todo: 'see which interfaces there are: (await packets(cap)).sql("SELECT interface, count(*) FROM this GROUP BY ALL"); pcap files have none',
  });
}
