import { expect, test } from "vitest";
import {
  canRun,
  conntrackEvents,
  conntrackSummary,
  defragEvents,
  defragSummary,
  dropEvents,
  dropSummary,
  type Host,
  pathEvents,
  pathSummary,
  qdiscDrops,
} from "../../lib/index.js";
import {
  type Bpf,
  bpf,
  type CountsWriting,
  defineCounts,
  field,
  type Hooks,
  isNamed,
  type Probe,
  packet as parsed,
} from "../../lib/probes/index.js";
import { printedAs } from "../../lib/probes/text/bpf.js";
import { expectThatItRuns } from "../fixtures/catalogue.js";
import { describeLive } from "../fixtures/needs.js";
import { protocolCounter } from "./faults/counters.js";
import { closedUdpPort, inject } from "./faults/index.js";
import { kernelVersions } from "./kernels.js";
import { sharedLab } from "./shared.js";
import { address, sinkPort } from "./topology/topology.js";

/** Attaching takes seconds in an emulated machine, and more on a busy one. */
const patience = { seconds: 300, attachSeconds: 240 };
const patienceMs = 1_200_000;

/** A probe that counts what its clauses count, by the name of the place that was hit. */
const counting = (hooks: Hooks, program: (writing: CountsWriting<unknown>) => Bpf | readonly Bpf[]) =>
  defineCounts({
    name: "counting",
    measures: "calls of kernel functions",
    hooks,
    fields: [
      field({
        name: "key",
        type: "VARCHAR",
        meaning: "what was counted",
        words: ["text"],
        say: () => printedAs("text", bpf`probe`),
      }),
    ],
    total: { name: "calls", unit: "calls", meaning: "how often" },
    program,
    order: (a, b) => (String(a) < String(b) ? -1 : 1),
  });

const path = { from: "uplink0", to: "vnet1", src: address.client, dst: address.vm1 };
const packets = { ip: "198.51.100.0/24", port: 443, protocol: "TCP", device: "uplink0", vlan: 42 };

/** All probes, asked for what makes their programs long. */
const dearest: readonly [Pick<Probe<object, "frame">, "explain" | "definition">, object][] = [
  [dropSummary, { by: ["flow", "stack", "device"], ...packets }],
  [dropEvents, { headers: true, stacks: 4, ...packets }],
  [qdiscDrops, {}],
  [conntrackSummary, {}],
  [conntrackEvents, {}],
  [defragSummary, {}],
  [defragEvents, {}],
  [pathSummary, { ...path, protocol: "ICMP" }],
  [pathEvents, { ...path, protocol: "ICMP" }],
] as never;

async function shell(host: Host, line: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec(["sh", "-euc", line], { deadlineSeconds: 120 });
  if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
  return stdout;
}

const client = "nsenter --net=/run/netns/client";
const pings = `${client} ping -qc 40 -i 0.02 ${address.uplink} >/dev/null`;

for (const kernel of kernelVersions) {
  describeLive(`kernel functions of a host with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);
    const options = { timeout: patienceMs };

    test("what canRun says runs, runs", options, () => expectThatItRuns(lab().host, patience.attachSeconds));

    test("no clause has more instructions than any kernel takes", options, async () => {
      for (const [probe, asked] of dearest) {
        const { instructions } = await probe.explain(lab().host, { seconds: 1, ...asked } as never);
        const name = probe.definition.name;
        expect(instructions?.length, name).toBeGreaterThan(2);
        for (const { clause, instructions: count } of instructions ?? [])
          expect(count, `${clause} of ${name}`).toBeLessThan(4_096);
      }
    });

    test("a function's calls and returns are counted exactly, and what that cost", options, async () => {
      const hooks = ["kprobe:icmp_rcv", "kretprobe:icmp_rcv"] as const;
      const probe = counting({ required: hooks }, ({ on, count }) => [
        on(hooks[0], count),
        on(hooks[1], count, { when: ({ result }) => bpf`${result} == 0` }),
      ]);
      const { values, provenance } = await probe(lab().host, {
        ...patience,
        during: () => shell(lab().host, pings),
      });
      // Requests are received by the host, and answers by the client, where only ping's raw socket takes them: NET_RX_DROP.
      expect(values).toEqual([
        ["kprobe:icmp_rcv", 80],
        ["kretprobe:icmp_rcv", 40],
      ]);
      expect(provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
      const cost = provenance.details.selfCost as Record<string, number>;
      expect(cost.runs).toBeGreaterThanOrEqual(160);
      expect(cost.nsPerRun).toBeGreaterThan(0);
    });

    test("a function that the compiler renamed is found, and counted exactly", options, async () => {
      const hook = "kprobe:__netif_receive_skb_core";
      const probe = counting({ required: [hook] }, ({ on, packet, count }) =>
        on(hook, (at) => {
          const tests = [isNamed(parsed.device, "uplink0"), bpf`${parsed.etherType} == 0x800`];
          return packet(at, { skb: bpf`*(${at.arg(0)})`, tests }, count(at));
        }),
      );
      const { values, provenance } = await probe(lab().host, {
        ...patience,
        during: () => shell(lab().host, pings),
      });
      const [place] = provenance.details.attached as string[];
      expect(values).toEqual([[place, 40]]);
      expect(place === hook).toBe(kernel === "5.10");
      expect(place).toMatch(/^kprobe:__netif_receive_skb_core(\.\w+\.0)*$/);
    });

    test("all copies of a function are attached to: those for IPv4 and for IPv6", options, async () => {
      const { host } = lab();
      const hook = "kprobe:cookie_hash";
      const probe = counting({ required: [hook] }, ({ on, count }) => on(hook, count));
      const connections = (to: string) =>
        `${client} python3 -c 'import socket
for _ in range(10): socket.create_connection(("${to}", ${sinkPort}), 5).close()'`;
      const cookies = async () => {
        const names = ["Sent", "Recv", "Failed"].map((name) => `TcpExtSyncookies${name}`);
        const counts = names.map((name) => protocolCounter(null, name)).join("; ");
        return (await shell(host, counts))
          .trim()
          .split("\n")
          .map(Number)
          .reduce((sum, one) => sum + one);
      };
      let made = 0;
      const { values } = await probe(host, {
        ...patience,
        during: async () => {
          const before = await cookies();
          await shell(
            host,
            [
              "old=$(sysctl -n net.ipv4.tcp_syncookies); sysctl -qw net.ipv4.tcp_syncookies=2",
              connections(address.uplink),
              connections(address.uplink6),
              "sysctl -qw net.ipv4.tcp_syncookies=$old",
            ].join("\n"),
          );
          made = (await cookies()) - before;
        },
      });
      // A cookie is two hashes when it is made, and two when it comes back.
      const calls = values.map((row) => (row as [string, number])[1]);
      expect(made).toBeGreaterThanOrEqual(40);
      expect(calls.reduce((sum, one) => sum + one, 0)).toBe(2 * made);
      expect(Math.min(...calls)).toBeGreaterThanOrEqual(40);
      expect(values.map((row) => (row as unknown[])[0])).toEqual([hook, `${hook}.isra.0`]);
    });

    test(
      "of a group, what this very kernel has is taken: the function that frees a dropped packet",
      options,
      async () => {
        const byKernel = {
          "5.10": "kprobe:kfree_skb",
          "6.1": "kprobe:kfree_skb_reason",
          "6.12": "kprobe:sk_skb_reason_drop",
        };
        const group = [byKernel["6.12"], byKernel["6.1"], byKernel["5.10"]];
        const probe = counting({ oneOf: [group] }, ({ on, has, packet, count }) => {
          const hook = group.find(has) as string;
          return on(hook, (at) => {
            const skb = at.arg(hook === byKernel["6.12"] ? 1 : 0);
            const tests = [bpf`${parsed.version} == 4`, bpf`${parsed.dstPort} == ${5_353}`];
            return packet(at, { skb, tests }, count(at));
          });
        });
        const fault = await inject(lab().host, closedUdpPort);
        let hurt = 0;
        const { values } = await probe(lab().host, {
          ...patience,
          during: async () => {
            hurt = await fault.hurt();
          },
        });
        expect(hurt).toBe(100);
        expect(values).toEqual([[byKernel[kernel], hurt]]);
      },
    );

    test("what the kernel doesn't let be probed is refused by name, and rightly", options, async () => {
      for (const name of ["do_int3", "native_load_gdt", "NF_HOOK", "no_such_function"]) {
        const probe = counting({ required: [`kprobe:${name}`] }, () => bpf``);
        const row = (await canRun(lab().host, probe)).values[0] as unknown[];
        expect(row.slice(0, 3)).toEqual(["counting", false, `kprobe:${name}`]);
        expect(row[4]).toContain(name);
      }
      const refused = await lab().host.exec(
        ["bpftrace", "-e", "kprobe:do_int3 { @ = count(); } interval:ms:1 { exit(); }"],
        { deadlineSeconds: 120 },
      );
      expect(refused.exitCode).not.toBe(0);
    });
  });
}

describeLive("the functions of a module", ["root", "lab", "debian"], () => {
  const lab = sharedLab("6.1");

  test("are missing until it is loaded, and then count what the switch is given", {
    timeout: patienceMs,
  }, async () => {
    const { host } = lab();
    const hook = "kprobe:ovs_vport_receive";
    const probe = counting({ required: [hook] }, ({ on, packet, count }) =>
      on(hook, (at) => {
        const tests = [bpf`${parsed.version} == 4`, bpf`${parsed.protocol} == 1`];
        return packet(at, { skb: at.arg(1), tests }, count(at));
      }),
    );
    const says = async () => ((await canRun(host, probe)).values[0] as unknown[]).slice(1, 3);
    expect(await says()).toEqual([true, null]);
    await shell(
      host,
      "ovs-appctl exit --cleanup; ovs-dpctl del-dp ovs-system || :; sleep 1; modprobe -r vport_vxlan openvswitch",
    );
    host.forget();
    expect(await says()).toEqual([false, hook]);
    await expect(probe(host, { seconds: 1 })).rejects.toMatchObject({
      code: "HOOK_MISSING",
      todo: expect.stringMatching(/load the module/),
    });
    await shell(host, "modprobe openvswitch");
    expect(await says()).toEqual([true, null]);
    await shell(
      host,
      `/usr/share/openvswitch/scripts/ovs-ctl --no-monitor --no-ovsdb-server --system-id=lab start; /mnt/check-ovs br0 vm1 ${address.vm2}`,
    );
    const { values } = await probe(host, {
      ...patience,
      during: () => shell(host, `nsenter --net=/run/netns/vm1 ping -qc 40 -i 0.02 ${address.vm2} >/dev/null`),
    });
    expect(values).toEqual([[hook, 80]]);
  });

  test("a program that the verifier refuses on a kprobe is an error with the end of its log", {
    timeout: patienceMs,
  }, async () => {
    const hook = "kprobe:icmp_rcv";
    const probe = counting({ required: [hook] }, ({ on }) =>
      on(
        hook,
        () =>
          bpf`$x = 0; unroll(100) { $x += *(uint8 *)(arg0 + $x); if ($x > 5) { @y[$x] = count(); } } printf("%d\n", $x);`,
      ),
    );
    const call = probe(lab().host, { ...patience, seconds: 1 });
    await expect(call).rejects.toMatchObject({ code: "VERIFIER_REFUSED", partial: null });
    await expect(call).rejects.toThrow(/processed \d+ insns/);
  });
});
