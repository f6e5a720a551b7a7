import type { Host } from "../../../lib/index.js";
import type { Trouble } from "../../scene/trouble.js";
import { closedUdpPort, type Injectable, inject, nftDrop } from "../faults/index.js";
import { address, sinkPort } from "../topology/topology.js";

const shortQueue: Injectable = {
  name: "short queue",
  put: ["tc qdisc add dev vnet1 root tbf rate 2mbit burst 4kb limit 16kb"],
  hurt: [`$C udp ${address.vm1} ${sinkPort} 60 1000 1`],
  undo: ["tc qdisc del dev vnet1 root"],
};
const invalid: Injectable = {
  name: "invalid segments",
  put: [],
  hurt: [`$C crafted syn-fin ${address.client} ${address.uplink} 10`],
  undo: [],
};

/** What `where-did-my-packets-go` looks into, until it is stopped: four faults, one after the other, again and again. */
export async function startLostPackets(host: Host): Promise<Trouble> {
  const injected = [];
  for (const fault of [shortQueue, nftDrop, closedUdpPort, invalid]) injected.push(await inject(host, fault));
  const ended = new AbortController();
  const trouble = (async () => {
    while (!ended.signal.aborted) for (const one of injected) await one.hurt();
  })();
  trouble.catch(() => {});
  return {
    async stop() {
      ended.abort();
      await trouble;
    },
  };
}
