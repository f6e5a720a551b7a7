import { address, sinkPort } from "../topology/topology.js";
import { conntrackCounter, nftCounter } from "./counters.js";
import { at, type Fault, type Places } from "./fault.js";

/** A verdict of connection tracking is carried out by its hook, one of a rule by the rule; before 6.1 that was its hook's, too. */
const byHook = at("nf_hook_slow", "NETFILTER_DROP");
const byRule: Places = { ...at("nft_do_chain", "NETFILTER_DROP"), "5.10": byHook["5.10"] };

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
  drops: byRule,
};

const oldLimit = "sysctl -qw net.netfilter.nf_conntrack_max=$(cat /run/lab/conntrack_max)";

/** No more connections are tracked than there are: packets of new ones are dropped, while the old ones go on. */
export const conntrackFull: Fault = {
  name: "conntrack-full",
  put: [
    "sysctl -n net.netfilter.nf_conntrack_max > /run/lab/conntrack_max",
    // Should SSH suffer, too, so that nobody could undo it.
    `/mnt/background conntrack-limit sh -c 'sleep 20; ${oldLimit}'`,
    "sysctl -qw net.netfilter.nf_conntrack_max=$(($(conntrack -C) + 20))",
  ],
  hurt: [`$C flows ${address.uplink} ${sinkPort} 200`],
  counter: conntrackCounter(null, "drop"),
  undo: [oldLimit, "/mnt/finish conntrack-limit"],
  drops: byHook,
  seenIn: { conntrack: { step: "lookup", verdict: "DROP" } },
};

/** Packets that belong to no connection and can't begin one. */
export const conntrackInvalid: Fault = {
  name: "conntrack-invalid",
  put: [
    "nft add table inet fault",
    "nft add counter inet fault hurt",
    "nft 'add chain inet fault input { type filter hook input priority 0; }'",
    "nft add rule inet fault input ct state invalid counter name hurt drop",
  ],
  hurt: [`$C crafted syn-fin ${address.client} ${address.uplink} 80`],
  counter: nftCounter(null, "fault", "hurt"),
  undo: ["nft delete table inet fault"],
  drops: byRule,
  seenIn: { conntrack: { step: "lookup", state: "INVALID", protocol: "TCP" } },
};
