import { missing } from "../../fixtures/needs.js";
import { kernelVersions } from "../kernels.js";
import { topologies } from "../topology/topology.js";
import { savedState } from "./state.js";

/** Builds what the lab's tests restore, while others run: what it is not done with yet, they wait for. */
export default function buildInBackground(): () => Promise<void> {
  const building = missing(["root", "lab", "debian"]).length === 0 ? build() : Promise.resolve();
  // A test that needs what could not be built says so.
  const over = building.catch((error: Error) => console.error(`lab: ${error.message}`));
  return () => over;
}

async function build(): Promise<void> {
  for (const kernel of kernelVersions) await savedState(kernel, topologies.switched);
  if (process.env.SKBOOK_TEST_LAB !== undefined) await savedState("6.1", topologies.nested);
}
