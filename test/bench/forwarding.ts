import { connect, type Host } from "../../lib/index.js";
import { startSshd } from "../fixtures/sshd.js";
import { appAddress, buildScene, clientAddress, managementAddress, openPort } from "../scene/topology.js";
import { traffic } from "../scene/traffic.js";
import { type During, packets } from "./against-bcc.js";

/** The packets that are sent. */
export const sent = { src: clientAddress, dst: appAddress, protocol: "UDP" } as const;

/** A host that forwards packets from `uplink0` to `vnet0`, and what sends them. */
export async function forwarding<Result>(
  prefix: string,
  act: (host: Host, send: During) => Promise<Result>,
): Promise<Result> {
  const scene = await buildScene(prefix);
  const sshd = await startSshd({ address: managementAddress, port: 22, namespace: scene.host });
  try {
    const host = await connect(sshd.destination, sshd.options);
    try {
      // A queue of its own shape would drop most of them before they come out.
      await host.exec(["tc", "qdisc", "del", "dev", "vnet0", "root"]);
      return await act(host, async () => {
        await traffic(scene.client, "udp", sent.dst, openPort, packets, 64);
      });
    } finally {
      await host.close();
    }
  } finally {
    sshd.stop();
    await scene.remove();
  }
}
