import { type KernelVersion, kernelVersions } from "./kernels.js";
import { startLab } from "./lab.js";
import { type TopologyName, topologies } from "./topology/topology.js";

// `npm run lab [KERNEL] [TOPOLOGY]`: a lab host for a person, until Ctrl-C.
const [kernel = "6.1", topology = "switched"] = process.argv.slice(2);
if (!(kernelVersions as string[]).includes(kernel) || !(topology in topologies)) {
  console.error(`usage: npm run lab [${kernelVersions.join("|")}] [${Object.keys(topologies).join("|")}]`);
  process.exit(2);
}
const lab = await startLab(kernel as KernelVersion, topology as TopologyName);
console.log(`
A host with kernel ${kernel} runs. In a shell:
  ssh -F ${lab.config} ${lab.destination}
In a cell:
  const host = await connect(${JSON.stringify(lab.destination)}, ${JSON.stringify(lab.options)});
What its kernel says is in ${lab.console}
Ctrl-C ends it.`);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    lab.stop().then(() => process.exit());
  });
}
