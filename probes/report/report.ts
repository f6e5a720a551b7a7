import { z } from "zod";
import { bundleOf, jupyterDisplay, type MimeBundle } from "../../lib/cell/index.js";
import { dropSankey, dropsBySite, dropsOverTime, type Figure } from "../../lib/figures/index.js";
import {
  type Choice,
  checkChoice,
  evaluate,
  type Findings,
  type ThresholdsOf,
} from "../../lib/findings/index.js";
import type { Host } from "../../lib/hosts/index.js";
import { badParameters } from "../../lib/parameters/index.js";
import type { CommonParameters } from "../../lib/probes/index.js";
import { type Column, deriveFrame, deriveTable, type Frame, type Table } from "../../lib/tables/index.js";
import { besideCounters } from "../beside-counters.js";
import { word } from "../columns.js";
import { classifyDrops, dropsByPlace } from "../drop/index.js";
import { tableOf } from "../table-of.js";
import { drops, percent, percentSql } from "./columns.js";
import { explainedSql } from "./counted.js";
import { flowsOf } from "./flows.js";
import { overTimeOf } from "./over-time.js";
import { dropReportRules } from "./rules.js";
import { countedSql, placedSql, whoseDevices } from "./whose.js";

/** What {@link dropReport} is asked. */
export interface DropReportOptions extends Pick<CommonParameters, "seconds" | "attachSeconds" | "during"> {
  /** Thresholds in place of the rules' own: `{ DROPS_QUEUE: { high: 10 } }`. */
  thresholds?: ThresholdsOf<typeof dropReportRules>;
}

const places: Column[] = [
  word("kind", "normal, suspicious or unknown, by the rules of classifyDrops"),
  word("reason", "why, as the host's kernel names it; null where it gives no reasons"),
  word("site", "kernel function that dropped"),
  word("device", "interface that the packet was on; null where it had none"),
  word(
    "netns",
    "network namespace of that interface: host, its name, or net:[inode] where it has none any more; null without an interface",
  ),
  word("guest", "virtual machine, or network namespace, behind that interface; null where none is known"),
  drops,
  {
    name: "to_own_address",
    type: "BIGINT",
    unit: "packets",
    meaning: "of these, sent to an address of this host; 0 where its addresses are unknown",
  },
  percent,
  { name: "flows", type: "BIGINT", meaning: "flows that lost packets there" },
  word("worst_flow", "the flow with most drops there"),
  word("why", "what the rule that decided on the kind says"),
  word("rule", "id of that rule; null where none knows the place"),
];

/** What the rules know of drops besides. */
const explainedColumns: Column[] = [
  word(
    "counted",
    "what TCP or UDP counted meanwhile, where it explains drops without a reason: no port, buffer full, refused (a reset was sent), checksum",
  ),
];

/** What the rules know of a counter besides. */
const countedColumns: Column[] = [
  word("guest", "virtual machine, or network namespace, behind its device; null where none is known"),
  {
    name: "no_loss",
    type: "BIGINT",
    unit: "packets",
    meaning:
      "of what it grew by, drops that were seen and are no loss: of EtherTypes that the host has no use for",
  },
];

/** What a host drops: counters, reasons, sites, devices, flows, and what is wrong with it. */
export class DropReport {
  constructor(
    /** Drops by kind, reason, site, device and network namespace, the most frequent first. */
    readonly drops: Frame,
    /** By reason, by kernel function, by device: `drops`, `percent`, and `normal_drops` that are no loss. */
    readonly reasons: Frame,
    readonly sites: Frame,
    readonly devices: Frame,
    /** Flows with drops, the most first, at most 1,000. */
    readonly flows: Frame,
    /** By second and reason: `time_ns` (middle of the second, by the host's clock), `reason`, `drops`. A second without drops has no row. */
    readonly overTime: Frame,
    /** All counters of the host, as {@link hostCounters} has them. */
    readonly counters: Table,
    /** What is wrong, the worst first, with evidence. */
    readonly findings: Findings,
    /** From device to reason to kernel function. */
    readonly sankey: Figure,
    /** Drops over time: bars of whole seconds since the start, a quiet one 0, coloured by reason. */
    readonly timeline: Figure,
    /** Kernel functions by drops, the 20 that dropped most on top, coloured by reason. */
    readonly topSites: Figure,
  ) {}

  async [jupyterDisplay](): Promise<MimeBundle> {
    const shown = [this.findings, this.sankey, this.timeline, this.topSites, this.drops];
    const parts = await Promise.all(shown.map(bundleOf));
    const of = (kind: string) => parts.map((part) => String(part[kind] ?? ""));
    return { "text/html": of("text/html").join("\n"), "text/plain": of("text/plain").join("\n\n") };
  }
}

/**
 * Says what a host drops and why: counts every drop in the kernel by reason, function, device and flow, reads all counters of the host before and after, tells what
 * is normal from what is lost ({@link classifyDrops}), and holds it against rules. The first thing to run on a host that loses packets.
 *
 * @param options.seconds how long, 0.5 to 3400; with `during`, at most.
 * @param options.attachSeconds how long attaching may take on top. Default 30.
 * @param options.during called once the probe is attached and the counters are read; the report ends with it.
 * @param options.thresholds of its rules; a finding shows the ones it was held against.
 * @returns `drops` (`kind`, `reason`, `site`, `device`, `netns`, `guest`, `drops`, `to_own_address`, `percent`, `flows`, `worst_flow`, `why`, `rule`), `reasons`, `sites`, `devices` (each with `drops`, `percent`, `normal_drops`), `flows`
 *   (`protocol`, `src`, `src_port`, `dst`, `dst_port`, `drops`, `percent`, `reasons`, `devices`, `kinds`), `overTime` (`time_ns`, `reason`, `drops`), `counters` (a Table), `findings`, and three Figures: `sankey` (from device to reason to function), `timeline` (drops per second
 *   over time, by reason) and `topSites` (bars of the 20 functions that dropped most, the others together). In a cell it shows findings, figures and drops.
 *
 * What is dropped in a NIC is in no probe: the counters have it. The kernel counts up to 65,536 flows and places; what finds no room is in `drops.provenance.lost`. `flows` has the
 * 1,000 that lost most.
 * @throws SkbookError as every probe, see {@link makeProbe}.
 * @example await dropReport(host, { seconds: 10 })
 */
export async function dropReport(host: Host, options: DropReportOptions): Promise<DropReport> {
  const { seconds, attachSeconds, during, choice } = checked(options);
  const asked = {
    seconds,
    ...(attachSeconds === undefined ? {} : { attachSeconds }),
    ...(during === undefined ? {} : { during }),
  };
  const { seen: counted, counters } = await besideCounters(host, dropsByPlace, asked);
  const all = await tableOf("drops", await classifyDrops(await counted.sql(wholeTimeQuery)));
  const provenance = { ...counted.provenance, source: "dropReport" };
  const from = { sources: { all }, provenance };
  const grouped = (column: string, meaning: string) =>
    deriveFrame({
      ...from,
      query: `SELECT ${column}, sum(drops) AS drops, ${percentSql} AS percent, coalesce(sum(drops) FILTER (kind = 'normal'), 0) AS normal_drops
        FROM "all" GROUP BY ${column} ORDER BY drops DESC, ${column}`,
      columns: [
        word(column, meaning),
        drops,
        percent,
        { name: "normal_drops", type: "BIGINT", unit: "packets", meaning: "of these, no loss" },
      ],
    });
  const whose = await whoseDevices(host);
  const placed = { ...from, sources: { all, ...whose } };
  const table = await deriveTable("drops", { ...placed, query: placesQuery, columns: places });
  const frame = await table.toFrame();
  const overTime = await overTimeOf(counted, provenance);
  return new DropReport(
    frame,
    await grouped("reason", "as the host's kernel names it; null where it gives no reasons"),
    await grouped("site", "kernel function that dropped"),
    await grouped("device", "interface that the packet was on; null where it had none"),
    await flowsOf(all, provenance),
    overTime,
    counters,
    await evaluate({
      name: "dropReport",
      subject: {
        drops: await deriveTable("drops", {
          sources: { drops: table, counters },
          query: explainedSql,
          columns: [...places, ...explainedColumns],
          provenance,
        }),
        counters: await deriveTable("counters", {
          sources: { counters, drops: table, ...whose },
          query: countedSql,
          columns: [...counters.schema, ...countedColumns],
          provenance: counters.provenance,
        }),
      },
      rules: dropReportRules,
      choice,
      doubts: () => deriveTable("doubts", { ...from, query: noDoubts, columns: doubtColumns }),
    }),
    await dropSankey(frame),
    await dropsOverTime(overTime),
    await dropsBySite(frame),
  );
}

const Options = z.strictObject({
  seconds: z.number().min(0.5).max(3_400),
  attachSeconds: z.number().min(1).max(300).optional(),
  during: z.custom<() => unknown>((value) => typeof value === "function", "has to be a function").optional(),
  thresholds: z.unknown().optional(),
});

/** Refuses what is wrong before anything is attached. */
function checked(options: DropReportOptions) {
  const { data, error } = Options.safeParse(options);
  if (data === undefined) throw badParameters("dropReport", error);
  const choice: Choice<string> = { thresholds: { ...(data.thresholds as object) }, only: undefined };
  checkChoice("dropReport", dropReportRules as never, choice);
  return { ...data, choice };
}

/** A function may drop in several places: they are one here. */
const wholeTimeQuery =
  "SELECT * EXCLUDE (time_ns, drops), sum(drops)::BIGINT AS drops FROM this WHERE site IS NOT NULL GROUP BY ALL ORDER BY ALL";
const end = (address: string, port: string) => `${address} || coalesce(':' || ${port}, '')`;
const flowSql = `coalesce(protocol, '') || coalesce(' ' || ${end("src", "src_port")} || ' → ' || ${end("dst", "dst_port")}, '')`;
const placesQuery = `
  SELECT kind, reason, site, device, netns, any_value(guest) AS guest, sum(drops) AS drops,
    coalesce(sum(drops) FILTER (own), 0) AS to_own_address, ${percentSql} AS percent, count(DISTINCT ${flowSql}) AS flows, arg_max(${flowSql}, drops) AS worst_flow, why, rule
  FROM (${placedSql}) GROUP BY kind, reason, site, device, netns, why, rule ORDER BY drops DESC, kind, reason, site, device, netns, rule`;
/** Nothing casts doubt on drops that the kernel counted: those that found no room are beside the others. */
const noDoubts = "SELECT NULL AS flow, NULL AS doubt WHERE false";
const doubtColumns = [word("flow", "about this flow"), word("doubt", "id of the finding that explains it")];
