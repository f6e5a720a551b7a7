import { rmSync } from "node:fs";
import {
  acceptSummary,
  backlogEvents,
  backlogSummary,
  conntrackEvents,
  conntrackSummary,
  defragEvents,
  defragSummary,
  flowInstalls,
  futexSummary,
  type Host,
  irqSummary,
  offCpuEvents,
  offCpuSummary,
  ovsActionEvents,
  ovsActionSummary,
  pathEvents,
  pathSummary,
  qdiscDrops,
  qdiscLatencyEvents,
  qdiscLatencySummary,
  queueSummary,
  record,
  runQueueSummary,
  softirqEvents,
  softirqSummary,
  stageSummary,
  stageTrace,
  upcallEvents,
  upcallSummary,
  wakeupEvents,
  wakeupSummary,
} from "../../lib/index.js";
import { harm } from "./compare.js";
import { late, startServer } from "./connections.js";
import {
  duplicateFragments,
  type Injectable,
  nftDrop,
  pathFaults,
  tbfOverflow,
  upcallFlood,
} from "./faults/index.js";
import { type Lab, startLab } from "./lab.js";
import { address } from "./topology/topology.js";

// `npm run lab:samples [PROBE...]`: records a run of probes on a host with trouble: what the recordings beside the samples are made of.
const folder = "out/lab-samples";
const asked = { seconds: 15, attachSeconds: 240 };
/** A sample is to be read. */
const few = { ...asked, maxEvents: 40 };

const lost = pathFaults.find(({ protocol }) => protocol === "ICMP");
if (lost === undefined) throw new Error("the lab has no fault on a path of ICMP");
const path = { ...lost.way, protocol: lost.protocol };
/** Where the host's own packets wait in a queue. */
const stages = { from: "stack" as const, to: "uplink0", protocol: "UDP" as const };

/** How each probe is run, and with which fault. */
const runs: { [probe: string]: [fault: Injectable, (host: Host, during: During) => Promise<unknown>] } = {
  qdiscDrops: [tbfOverflow, (host, during) => qdiscDrops(host, { ...asked, during })],
  qdiscLatencySummary: [tbfOverflow, (host, during) => qdiscLatencySummary(host, { ...asked, during })],
  qdiscLatencyEvents: [tbfOverflow, (host, during) => qdiscLatencyEvents(host, { ...few, during })],
  backlogSummary: [nftDrop, (host, during) => backlogSummary(host, { ...asked, during })],
  backlogEvents: [
    nftDrop,
    (host, during) => backlogEvents(host, { ...few, device: "uplink0", slowerThanUs: 0, during }),
  ],
  conntrackSummary: [nftDrop, (host, during) => conntrackSummary(host, { ...asked, during })],
  conntrackEvents: [nftDrop, (host, during) => conntrackEvents(host, { ...few, during })],
  defragSummary: [duplicateFragments, (host, during) => defragSummary(host, { ...asked, during })],
  defragEvents: [duplicateFragments, (host, during) => defragEvents(host, { ...few, during })],
  pathSummary: [lost, (host, during) => pathSummary(host, { ...asked, ...path, during })],
  pathEvents: [lost, (host, during) => pathEvents(host, { ...few, ...path, during })],
  stageSummary: [tbfOverflow, (host, during) => stageSummary(host, { ...asked, ...stages, during })],
  stageTrace: [tbfOverflow, (host, during) => stageTrace(host, { ...few, ...stages, during })],
  upcallSummary: [upcallFlood, (host, during) => upcallSummary(host, { ...asked, during })],
  upcallEvents: [upcallFlood, (host, during) => upcallEvents(host, { ...few, during })],
  flowInstalls: [upcallFlood, (host) => flowInstalls(host, { ...few, during: () => newFlows(host) })],
  queueSummary: [tbfOverflow, (host, during) => queueSummary(host, { ...asked, during })],
  irqSummary: [nftDrop, (host, during) => irqSummary(host, { ...asked, during })],
  ovsActionSummary: [
    nftDrop,
    (host) => ovsActionSummary(host, { ...asked, during: () => switchedPings(host) }),
  ],
  ovsActionEvents: [nftDrop, (host) => ovsActionEvents(host, { ...few, during: () => switchedPings(host) })],
  softirqSummary: [nftDrop, (host, during) => softirqSummary(host, { ...asked, during })],
  softirqEvents: [
    nftDrop,
    (host, during) => softirqEvents(host, { ...few, vectors: "NET_RX", slowerThanUs: 50, during }),
  ],
  runQueueSummary: [nftDrop, (host, during) => runQueueSummary(host, { ...asked, during })],
  wakeupSummary: [nftDrop, (host, during) => wakeupSummary(host, { ...asked, during })],
  wakeupEvents: [nftDrop, (host, during) => wakeupEvents(host, { ...few, during })],
  offCpuSummary: [
    nftDrop,
    (host, during) => offCpuSummary(host, { ...asked, command: "ovs-vswitchd", during }),
  ],
  offCpuEvents: [nftDrop, (host, during) => offCpuEvents(host, { ...few, command: "ovs-vswitchd", during })],
  acceptSummary: [nftDrop, (host) => lateServer(host)],
  futexSummary: [nftDrop, (host, during) => futexSummary(host, { ...asked, during })],
};
type During = () => Promise<unknown>;

/** Flows of pings, put into a table that was emptied. */
async function newFlows(host: Host) {
  await host.exec(["ovs-dpctl", "del-flows"]);
  for (const to of [address.vm2, address.far, address.vm26])
    await host.exec(["nsenter", "--net=/run/netns/vm1", "ping", "-qc", "3", "-i", "0.1", to]);
}

/** Packets that the switch sends from one virtual machine to another. */
function switchedPings(host: Host) {
  return host.exec(["nsenter", "--net=/run/netns/vm1", "ping", "-qc", "5", "-i", "0.1", address.vm2]);
}

/** Connections that wait for their server. */
async function lateServer(host: Host) {
  const server = await startServer(host);
  const asked = { seconds: 60, attachSeconds: 240, srcPort: late };
  await acceptSummary(host, { ...asked, during: () => server.serve() });
  await server.stop();
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in runs));
if (unknown.length > 0) {
  console.error(`no sample of ${unknown.join(", ")} is made here; there are ${Object.keys(runs).join(", ")}`);
  process.exit(2);
}

rmSync(folder, { recursive: true, force: true });
// What the host and its kernel are is asked of them once.
await record(folder);
const lab: Lab = await startLab("6.1");
try {
  for (const [name, [fault, run]] of Object.entries(runs))
    if (wanted.length === 0 || wanted.includes(name)) await run(lab.host, () => harm(lab, fault));
} finally {
  await lab.stop();
}
console.log(
  `recorded; SKBOOK_SAMPLE_CASE=${folder} SKBOOK_WRITE_SAMPLES=1 npx vitest run --project live test/probes/samples.test.ts makes samples of it`,
);
