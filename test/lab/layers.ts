import { conntrackSummary, defragSummary, type Frame, type Host, qdiscDrops } from "../../lib/index.js";
import type { LayerProbe } from "./faults/index.js";
import { patience } from "./sightings.js";

/** A row by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

interface Layer {
  watch(host: Host, during: () => unknown): Promise<Frame>;
  /** The column with the number. */
  count: string;
  /** Whether a row says that something is wrong. */
  alarms(row: Row): boolean;
}

/** Probes that look at one layer, as they are held against the truth. */
export const layers: Record<LayerProbe, Layer> = {
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

/** The rows of a Frame. */
export function rowsOf({ columns, values }: Frame): Row[] {
  return (values as unknown[][]).map((row) =>
    Object.fromEntries(columns.map((name, index) => [name, row[index]])),
  );
}
