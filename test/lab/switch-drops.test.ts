import { expect, test } from "vitest";
import { dropEvents } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { kernelVersions } from "./kernels.js";
import { script } from "./script.js";
import { sharedLab } from "./shared.js";
import { address } from "./topology/topology.js";

const patienceMs = 1_200_000;
const count = 20;
/** Looked up twice, since connection tracking lies between; sent by a clone; refused by a rule of the second pass. */
const [twice, inClone, refused] = [4_243, 4_244, 4_245];
const inVm1 = "nsenter --net=/run/netns/vm1";
/** More than the port's device takes: the switch drops what it should send there. */
const send = (port: number) => `${inVm1} /mnt/traffic udp ${address.vm2} ${port} ${count} 1200 5`;

const harm = [
  `${inVm1} ping -qc 1 -w 20 ${address.vm2}`,
  "ip link set vnet2 mtu 1000",
  `ovs-ofctl add-flow br0 'table=0,priority=300,udp,tp_dst=${inClone},actions=clone(ct(commit,zone=9),output:vnet2),LOCAL'`,
  `ovs-ofctl add-flow br0 'table=1,priority=300,udp,tp_dst=${refused},actions=drop'`,
  ...[twice, inClone, refused].map(send),
  "sleep 0.5",
];

for (const kernel of kernelVersions) {
  describeLive(`drops of the switch of a host with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);

    test("say in which pass, by which action, and whether in a clone", { timeout: patienceMs }, async () => {
      const { host } = lab();
      const drops = await dropEvents(host, {
        ...{
          seconds: 120,
          attachSeconds: 240,
          ovs: true,
          src: address.vm1,
          dst: address.vm2,
          protocol: "UDP",
        },
        during: () => script(host, harm),
      });
      expect(drops.provenance.lost).toBe(0);
      const { values } = await drops.sql(
        `SELECT dst_port, ovs_action, ovs_in_clone, count(*)::INTEGER, coalesce(sum((ovs_recirc_id > 0)::INTEGER), 0)::INTEGER FROM this
           WHERE dst_port IN (${[twice, inClone, refused]}) AND site IN ('ovs_vport_send', 'do_output', 'do_execute_actions')
           GROUP BY ALL ORDER BY dst_port, ovs_in_clone`,
      );
      // Packets that ovs-vswitchd hands back have no pass; the bridge's own port takes no more than the others.
      const known = kernel !== "5.10";
      const later = (values as number[][]).map(([port, , , , inLaterPass]) => [port, inLaterPass] as const);
      expect(values.map((row) => (row as unknown[]).slice(0, 4))).toEqual([
        [twice, known ? "output" : null, null, count],
        ...(known
          ? [
              [inClone, "output", true, count],
              [inClone, "output", null, count],
            ]
          : [[inClone, null, null, 2 * count]]),
        // Before Linux 6.7 what a rule drops is no drop.
        ...(kernel === "6.12" ? [[refused, "drop", null, count]] : []),
      ]);
      for (const [port, inLaterPass] of later)
        expect([port, inLaterPass]).toEqual([port, known && port !== inClone ? expect.any(Number) : 0]);
      if (known) expect(later[0]?.[1]).toBeGreaterThan(count / 2);
    });
  });
}
