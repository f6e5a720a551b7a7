import { conntrackSummary, defragSummary, type Frame, type Host, qdiscDrops } from "../../lib/index.js";
import { type Comparison, harm, verdictOf } from "./compare.js";
import type { Fault, LayerProbe, Rows, Truth } from "./faults/index.js";
import type { Lab } from "./lab.js";
import { patience } from "./sightings.js";

/** A row by the names of its columns. */
type Row = Readonly<Record<string, unknown>>;

interface Layer {
  watch(host: Host, during: () => unknown): Promise<Frame>;
  /** The column with the number. */
  count: string;
  /** Whether a row says that something is wrong. */
  alarms(row: Row): boolean;
}

/** Probes that look at one layer, as they are held against the truth. */
const layers: Record<LayerProbe, Layer> = {
  qdiscDrops: {
    watch: (host, during) => qdiscDrops(host, { ...patience, during }),
    count: "packets",
    alarms: ({ loss }) => loss === true,
  },
  conntrackSummary: {
    watch: (host, during) => conntrackSummary(host, { ...patience, during }),
    count: "packets",
    alarms: ({ verdict, state }) => verdict === "DROP" || state === "INVALID",
  },
  defragSummary: {
    watch: (host, during) => defragSummary(host, { ...patience, during }),
    count: "count",
    alarms: ({ result }) => ["DUPLICATE", "OVERLAP", "EXPIRED"].includes(String(result)),
  },
};

/** Lets faults do harm while probes of one layer look on: what a probe sees it has for itself, of the others it is silent. */
export async function* compareLayers(lab: Lab, faults: readonly Fault[]): AsyncGenerator<Comparison> {
  for (const probe of Object.keys(layers) as LayerProbe[]) {
    for (const fault of faults) {
      const rows = fault.seenBy?.[probe];
      if (rows) yield* await compareLayer(lab, probe, [fault], rows);
    }
    const others = faults.filter(({ seenBy }) => seenBy?.[probe] === undefined);
    if (others.length > 0) yield* await compareLayer(lab, probe, others);
  }
}

async function compareLayer(
  lab: Lab,
  probe: LayerProbe,
  faults: readonly Fault[],
  rows?: Rows,
): Promise<Comparison[]> {
  const { watch, count, alarms } = layers[probe];
  const truths: Truth[] = [];
  const frame = await watch(lab.host, async () => {
    for (const fault of faults) truths.push(await harm(lab, fault));
  });
  const { lost } = frame.provenance;
  const all = rowsOf(frame);
  const isOf = (row: Row) =>
    rows !== undefined && Object.entries(rows).every(([name, value]) => row[name] === value);
  const [own, other] = [all.filter(isOf), all.filter((row) => !isOf(row) && alarms(row))];
  const total = (some: readonly Row[]) => some.reduce((sum, row) => sum + Number(row[count]), 0);
  const elsewhere = other.map((row) => Object.values(row).join(" "));
  return faults.map(({ name }, index) => {
    const truth = truths[index] as Truth;
    const saw = { seen: total(own), elsewhere: total(other), lost, isDrop: rows !== undefined };
    const verdict = verdictOf({ ...truth, least: rows === undefined ? 1 : truth.least }, saw);
    return {
      ...{ fault: name, probe, kernel: lab.kernel, truth, seen: saw.seen, lost },
      verdict: verdict === "unseen" ? "silent" : verdict,
      elsewhere,
    };
  });
}

/** The rows of a Frame. */
function rowsOf({ columns, values }: Frame): Row[] {
  return (values as unknown[][]).map((row) =>
    Object.fromEntries(columns.map((name, index) => [name, row[index]])),
  );
}
