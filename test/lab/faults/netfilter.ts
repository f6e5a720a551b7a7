import { address, sinkPort } from "../topology/topology.js";
import { conntrackCounter, nftCounter } from "./counters.js";
import type { Fault, Place } from "./fault.js";

/** A verdict of any hook. */
export const byNetfilter: Record<"5.10" | "6.1" | "6.12", Place> = {
  "5.10": { reason: null, sites: ["nf_hook_slow"] },
  "6.1": { reason: "NETFILTER_DROP", sites: ["nf_hook_slow"] },
  "6.12": { reason: "NETFILTER_DROP", sites: ["nf_hook_slow"] },
};

const refusedPort = 8443;

export const nftDrop: Fault = {
  name: "nft-drop",
  put: [
    "nft add table inet fault",
    "nft add counter inet fault hurt",
    "nft 'add chain inet fault forward { type filter hook forward priority 0; }'",
    `nft add rule inet fault forward udp dport ${refusedPort} counter name hurt drop`,
  ],
  hurt: [`$C udp ${address.vm1} ${refusedPort} 100`],
  counter: nftCounter(null, "fault", "hurt"),
  undo: ["nft delete table inet fault"],
  drops: byNetfilter,
};

const inClient = "nsenter --net=/run/netns/client";

/** Connection tracking in the client's own namespace, with a rule that asks for it. */
const tracked = (rule: string) => [
  `${inClient} nft add table inet fault`,
  `${inClient} nft add counter inet fault hurt`,
  `${inClient} nft 'add chain inet fault input { type filter hook input priority 0; }'`,
  `${inClient} nft 'add rule inet fault input ${rule}'`,
];

/** No more connections are tracked than there are: packets of new ones are dropped. The limit is the whole host's. */
export const conntrackFull: Fault = {
  name: "conntrack-full",
  put: [
    ...tracked("ct state new counter name hurt accept"),
    "sysctl -n net.netfilter.nf_conntrack_max > /run/lab/conntrack_max",
    // The host's own table counts against the same limit.
    "sysctl -qw net.netfilter.nf_conntrack_max=$(($(conntrack -C) + 200))",
  ],
  hurt: [`$T flows ${address.client} ${sinkPort} 500`],
  counter: conntrackCounter("client", "drop"),
  undo: [
    "sysctl -qw net.netfilter.nf_conntrack_max=$(cat /run/lab/conntrack_max)",
    `${inClient} nft delete table inet fault`,
    `${inClient} conntrack -F`,
  ],
  drops: byNetfilter,
};

/** Packets that belong to no connection and can't begin one. */
export const conntrackInvalid: Fault = {
  name: "conntrack-invalid",
  put: tracked("ct state invalid counter name hurt drop"),
  hurt: [`$T crafted syn-fin ${address.uplink} ${address.client} 80`],
  counter: nftCounter("client", "fault", "hurt"),
  undo: [`${inClient} nft delete table inet fault`],
  drops: byNetfilter,
};
