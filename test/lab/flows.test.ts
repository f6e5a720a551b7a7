import { expect, test } from "vitest";
import { flowInstalls, flowUpcalls, type Host, type Table, upcallEvents } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { kernelVersions } from "./kernels.js";
import { script } from "./script.js";
import { sharedLab } from "./shared.js";
import { address } from "./topology/topology.js";

const patience = { seconds: 120, attachSeconds: 240, force: true };
const patienceMs = 1_200_000;

const inVm1 = "nsenter --net=/run/netns/vm1";
/** Neighbours are not asked whether they are still there, as they are five seconds later: a flow of that might come between a moment and the list of then. */
const unasked = ["vm1", "vm2"].map(
  (vm) =>
    `nsenter --net=/run/netns/${vm} sysctl -qw net.ipv4.neigh.eth0.delay_first_probe_time=120 net.ipv6.neigh.eth0.delay_first_probe_time=120`,
);
/** Flows to a neighbour, through a tunnel, over IPv6, and of ARP. */
const traffic = [
  `ovs-dpctl del-flows`,
  `${inVm1} ping -qc 3 -i 0.2 -w 20 ${address.vm2}`,
  `${inVm1} ping -qc 2 -i 0.2 -w 20 ${address.far}`,
  `${inVm1} ping -qc 2 -i 0.2 -w 20 ${address.vm26}`,
  `ip -n vm1 neigh flush dev eth0`,
  `${inVm1} ping -qc 1 -w 20 ${address.vm2}`,
];
/** What ovs-vswitchd looks at once more is set by then; what is idle goes after 10 s. */
const settled = "sleep 1.5";

/** Changes that ovs-dpctl makes: one is refused, one has more actions than are read. */
const flow = (port: number) => `'recirc_id(0),in_port(${port}),eth(),eth_type(0x88b5)'`;
const outputs = (count: number) => Array.from({ length: count }, (_, index) => index + 10).join(",");
const byHand = [
  `ovs-dpctl add-flow 'recirc_id(0),in_port(60),eth_type(0x0806)' 1 || true`,
  `ovs-dpctl add-flow ${flow(61)} ${outputs(100)}`,
  // ovs-vswitchd takes out at any time what it doesn't know.
  `ovs-dpctl mod-flow ${flow(61)} 'push_vlan(vid=9,pcp=1),clone(1),trunc(100),3' || true`,
  `ovs-dpctl add-flow ${flow(62)} ${outputs(300)}`,
  // Without a mask it means another flow: not each kernel and ovs-dpctl agree that this one is meant.
  `ovs-dpctl del-flow ${flow(61)} || true`,
];

const tracing = "/sys/kernel/tracing";
const functions = { new: "ovs_flow_cmd_new", set: "ovs_flow_cmd_set", delete: "ovs_flow_cmd_del" };
/** The kernel's own counters of calls, which no probe reads. */
const count = ["echo counting $(date +%s%N)"].concat(
  ...Object.entries(functions).map(([name, fn]) => [
    `echo 'p:truth_${name} ${fn}' >> ${tracing}/kprobe_events`,
    `echo 1 > ${tracing}/events/kprobes/truth_${name}/enable`,
  ]),
);
const counted = [
  "echo counted $(date +%s%N)",
  `sed -n 's/^ *truth_\\([a-z]*\\) *\\([0-9]*\\) .*/\\1 \\2/p' ${tracing}/kprobe_profile`,
  ...Object.keys(functions).flatMap((name) => [
    `echo 0 > ${tracing}/events/kprobes/truth_${name}/enable`,
    `echo '-:truth_${name}' >> ${tracing}/kprobe_events`,
  ]),
];

/** Flows as ovs-dpctl has them, without what is the same in all of them and what it doesn't know either. */
function dumped(text: string): string[] {
  return (
    text
      .split("\n")
      .flatMap((line) => /^(recirc_id.*?), packets:.*, actions:(.*)$/.exec(line)?.slice(1) ?? [])
      // The kernel keeps 8 bits of ARP's operation.
      .map((one) => one.replace(/,key32\(00 00\/00 00\)/, "").replace("op=1/0xff", "op=1"))
      .flatMap((one, index, all) => (index % 2 === 0 ? [`${one} ${all[index + 1]}`] : []))
      .sort()
  );
}

/** The flows that are there behind all changes up to a moment. */
async function replayed(changes: Table, until: bigint): Promise<string[]> {
  const { values } = await changes.sql(
    `SELECT operation, coalesce(ufid, match), match, actions FROM this WHERE time_ns < ${until} AND error IS NULL ORDER BY time_ns`,
  );
  const flows = new Map<string, string>();
  for (const [operation, id, match, actions] of values as string[][]) {
    if (operation === "delete" && !id) flows.clear();
    else if (operation === "delete") flows.delete(String(id));
    else if (actions !== null) flows.set(String(id), `${match} ${actions}`);
  }
  return [...flows.values()].sort();
}

for (const kernel of kernelVersions) {
  describeLive(`the flow table of a host with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);

    test("grows by the packets that ovs-vswitchd was asked about", { timeout: patienceMs }, async () => {
      const { host } = lab();
      const ports = await portsOf(host);
      let upcalls: Table | undefined;
      let said = "";
      const installs = await flowInstalls(host, {
        ...patience,
        operations: "new",
        during: async () => {
          upcalls = await upcallEvents(host, {
            ...patience,
            requests: true,
            during: async () => {
              said = await script(host, ["echo from $(date +%s%N)", ...traffic, "echo to $(date +%s%N)"]);
            },
          });
        },
      });
      if (upcalls === undefined) throw new Error("there are no upcalls");
      const both = await flowUpcalls(installs, upcalls);
      const { values } = await both.sql(
        `SELECT match, actions, upcall_known, device FROM this WHERE time_ns BETWEEN ${momentIn(said, "from")} AND ${momentIn(said, "to")}`,
      );
      expect(values.length).toBeGreaterThan(8);
      for (const [match, actions, isKnown, device] of values as unknown[][]) {
        // What is dropped is handed back by nobody.
        if (actions === "drop") continue;
        expect([match, isKnown]).toEqual([match, true]);
        expect(ports.get(Number(/in_port\((\d+)\)/.exec(String(match))?.[1]))).toBe(device);
      }
    });

    // Behind the others: ovs-vswitchd doesn't get over flows that it knows nothing of.
    test("is what its changes make of it, each of them seen once", { timeout: patienceMs }, async () => {
      const { host } = lab();
      let said = "";
      const changes = await flowInstalls(host, {
        ...patience,
        during: async () => {
          const lines = [
            ...unasked,
            ...count,
            ...traffic,
            settled,
            "echo at $(date +%s%N)",
            "ovs-dpctl dump-flows",
            ...byHand,
            ...counted,
          ];
          said = await script(host, lines.join("\n"));
        },
      });
      expect(changes.provenance).toMatchObject({
        lost: 0,
        truncated: false,
        details: { detached: "proved" },
      });
      const until = momentIn(said, "at");
      const flows = dumped(said);
      expect(flows.length).toBeGreaterThan(8);
      expect(await replayed(changes, until)).toEqual(flows);

      const totals = await changes.sql(
        `SELECT operation, count(*)::INTEGER FROM this
           WHERE time_ns BETWEEN ${momentIn(said, "counting")} AND ${momentIn(said, "counted")} GROUP BY ALL`,
      );
      const hits = Object.fromEntries(
        [...said.matchAll(/^(new|set|delete) (\d+)$/gm)].map(([, name, hits]) => [name, Number(hits)]),
      );
      expect(hits.new).toBeGreaterThan(10);
      expect(Object.fromEntries(totals.values as never)).toEqual(hits);

      const own = await changes.sql(
        "SELECT operation, CASE operation WHEN 'new' THEN error END, match, actions, whole FROM this WHERE command = 'ovs-dpctl' AND match IS NOT NULL ORDER BY time_ns",
      );
      const [many, cut] = [61, 62].map((port) => `recirc_id(0),in_port(${port}),eth(),eth_type(0x88b5)`);
      const zeros = "00:00:00:00:00:00";
      const exact = `recirc_id(0),in_port(61),eth(src=${zeros},dst=${zeros}),eth_type(0x88b5)`;
      expect(own.values).toEqual([
        ["new", "-EINVAL", "recirc_id(0),in_port(60),eth_type(0x0806)", "1", true],
        ["new", null, many, outputs(100), true],
        ["set", null, many, "push_vlan(vid=9,pcp=1),clone(1),trunc(100),3", true],
        ["new", null, cut, null, false],
        ["delete", null, exact, null, true],
      ]);
      const slow = await changes.sql(
        "SELECT count(*)::INTEGER FROM this WHERE call_ns <= 0 OR call_ns > 1e9",
      );
      expect(slow.values).toEqual([[0]]);
    });
  });
}

/** The datapath's own list of its ports. */
async function portsOf(host: Host): Promise<ReadonlyMap<number, string>> {
  const shown = await script(host, "ovs-dpctl show");
  return new Map(
    [...shown.matchAll(/port (\d+): (\S+)/g)].map(([, number, name]) => [Number(number), String(name)]),
  );
}

/** A moment that the host told by its clock, in nanoseconds since 1970. */
function momentIn(said: string, word: string): bigint {
  const time = new RegExp(`^${word} (\\d+)$`, "m").exec(said)?.[1];
  if (time === undefined) throw new Error(`the host did not say ${word} when`);
  return BigInt(time);
}
