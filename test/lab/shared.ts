import { afterAll, beforeAll } from "vitest";
import type { KernelVersion } from "./kernels.js";
import { type Lab, startLab } from "./lab.js";
import type { TopologyName } from "./topology/topology.js";

/** Building what is missing takes a minute or two, more on a busy machine. */
const patienceMs = 900_000;

/** Restores a lab host that all tests of a group share, and ends it behind them; call it where they are declared. */
export function sharedLab(kernel: KernelVersion, topology?: TopologyName): () => Lab {
  let lab: Lab | undefined;
  beforeAll(async () => {
    lab = await startLab(kernel, topology);
  }, patienceMs);
  afterAll(() => lab?.stop());
  return () => lab as Lab;
}
