// A user's own file, which the test compiles beside an installed package.
import {
  connect,
  createFrame,
  dropSummary,
  type Findings,
  type Frame,
  findings,
  openCapture,
  type Provenance,
} from "skbook";
import { type Probe, ProbeError } from "skbook/probe";

const provenance: Provenance = {
  source: "mine",
  host: null,
  recordingId: null,
  startedAt: null,
  endedAt: null,
  lost: 0,
  truncated: false,
  partial: false,
  notes: [],
  details: {},
};
const frame = createFrame([{ name: "packets", type: "BIGINT", meaning: "how many" }], [[1], [3]], provenance);
export const mean: number = frame.describe().column("packets").mean();
export const columns: string[] = frame.head(1).columns;

// @ts-expect-error: what danfojs is bundled without is not declared
export const tensor = () => frame.tensor;

export async function measure(name: string): Promise<Frame> {
  const host = await connect(name);
  // @ts-expect-error: a number
  await dropSummary(host, { seconds: "ten" });
  return dropSummary(host, { seconds: 10 });
}

export async function analyse(path: string): Promise<Findings> {
  return findings(await openCapture(path));
}

export const isMine = (probe: Probe<{ seconds: number }, "frame">, error: unknown): boolean =>
  probe.name !== "" && error instanceof ProbeError;
