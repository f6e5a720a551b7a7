import {
  conntrackEvents,
  conntrackSummary,
  defragEvents,
  defragSummary,
  type Frame,
  type Host,
  qdiscDrops,
} from "../../lib/index.js";
import { together } from "../fixtures/together.js";
import { type Comparison, harm, verdictOf } from "./compare.js";
import type { Fault, Layer, Rows } from "./faults/index.js";
import type { Lab } from "./lab.js";
import { manyEvents, patience } from "./sightings.js";

/** A row by the names of its columns. */
type Row = Readonly<Record<string, unknown>>;

/** Rows with a `count`, of one probe. */
type Watch = (host: Host, during: () => unknown) => Promise<Frame>;

const counted = (columns: string, of = "count(*)") =>
  `SELECT ${columns}, ${of}::INTEGER AS count FROM this GROUP BY ALL`;
const outcome = "step, owner, verdict, state, protocol";

/** Probes of one layer, as they are held against the truth. */
interface Looks {
  probes: Record<string, Watch>;
  /** Whether a row says that something is wrong. */
  alarms(row: Row): boolean;
  /** The column of what one step tells the next: with the same there, it is the same packets again. */
  passedOn?: string;
}

const layers = {
  qdisc: {
    probes: {
      qdiscDrops: async (host, during) =>
        (await qdiscDrops(host, { ...patience, during })).sql(counted("step, name, loss", "sum(packets)")),
    },
    alarms: ({ loss }) => loss === true,
    // The outer discipline and the stack return what they were returned.
    passedOn: "name",
  },
  conntrack: {
    probes: {
      conntrackSummary: async (host, during) =>
        (await conntrackSummary(host, { ...patience, during })).sql(counted(outcome, "sum(packets)")),
      conntrackEvents: async (host, during) =>
        (await conntrackEvents(host, { ...patience, ...manyEvents, during })).sql(counted(outcome)),
    },
    alarms: ({ verdict, state }) => verdict === "DROP" || state === "INVALID",
  },
  defrag: {
    probes: {
      defragSummary: async (host, during) =>
        (await defragSummary(host, { ...patience, during })).sql(counted("step, result", "sum(count)")),
      defragEvents: async (host, during) =>
        (await defragEvents(host, { ...patience, ...manyEvents, during })).sql(counted("step, result")),
    },
    alarms: ({ result }) => ["DUPLICATE", "OVERLAP", "EXPIRED"].includes(String(result)),
  },
} satisfies Record<Layer, Looks>;

export type LayerProbeName = { [In in Layer]: keyof (typeof layers)[In]["probes"] }[Layer];

/** Lets faults do harm while probes of one layer look on: what a probe sees it has for itself, of the others it is silent. */
export async function* compareLayers(lab: Lab, faults: readonly Fault[]): AsyncGenerator<Comparison> {
  for (const layer of Object.keys(layers) as Layer[]) {
    for (const fault of faults) {
      const rows = fault.seenIn?.[layer];
      if (rows) yield* await compareLayer(lab, layer, [fault], rows);
    }
    const others = faults.filter(({ seenIn }) => seenIn?.[layer] === undefined);
    if (others.length > 0) yield* await compareLayer(lab, layer, others);
  }
}

async function compareLayer(
  lab: Lab,
  layer: Layer,
  faults: readonly Fault[],
  rows?: Rows,
): Promise<Comparison[]> {
  const truths: number[] = [];
  const { alarms, passedOn, probes: named }: Looks = layers[layer];
  const probes = Object.entries(named);
  const frames = await together(
    probes.map(
      ([, watch]) =>
        (during) =>
          watch(lab.host, during),
    ),
    async () => {
      for (const fault of faults) truths.push(await harm(lab, fault));
    },
  );
  return frames.flatMap((frame, which) => {
    const { lost } = frame.provenance;
    const all = rowsOf(frame);
    const isOf = (row: Row) =>
      rows !== undefined && Object.entries(rows).every(([name, value]) => row[name] === value);
    const isAgain = (row: Row) => passedOn !== undefined && row[passedOn] === rows?.[passedOn];
    const other = all.filter((row) => !isOf(row) && !isAgain(row) && alarms(row));
    const saw = { seen: total(all.filter(isOf)), elsewhere: total(other), lost, isDrop: rows !== undefined };
    return faults.map(({ name: fault }, index): Comparison => {
      const truth = truths[index] as number;
      const verdict = verdictOf(truth, saw);
      return {
        ...{ fault, probe: probes[which]?.[0] as LayerProbeName, kernel: lab.kernel, truth },
        ...{ seen: saw.seen, lost, verdict: verdict === "unseen" ? "silent" : verdict },
        elsewhere: other.map((row) => Object.values(row).join(" ")),
      };
    });
  });
}

function total(rows: readonly Row[]): number {
  return rows.reduce((sum, { count }) => sum + Number(count), 0);
}

/** The rows of a Frame. */
export function rowsOf({ columns, values }: Frame): Row[] {
  return (values as unknown[][]).map((row) =>
    Object.fromEntries(columns.map((name, index) => [name, row[index]])),
  );
}
