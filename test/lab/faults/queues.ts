import { address, sinkPort } from "../topology/topology.js";
import { qdiscDropped, qdiscSent } from "./counters.js";
import type { Fault, Place } from "./fault.js";

const uplink = "tc qdisc add dev uplink0 root";
const remove = ["tc qdisc del dev uplink0 root"];
const toClient = `${address.client} ${sinkPort}`;

/** Packets that a qdisc refuses are put on a list that __dev_xmit_skb() frees. */
const refused: Fault["drops"] = {
  "5.10": { reason: null, sites: ["kfree_skb_list"] },
  "6.1": { reason: "QDISC_DROP", sites: ["kfree_skb_list_reason"] },
  "6.12": { reason: "QDISC_DROP", sites: ["__dev_queue_xmit", "kfree_skb_list_reason"] },
};

/** A place that only changes what the packets' order and time are. */
const nowhere: Record<"5.10" | "6.1" | "6.12", Place | null> = { "5.10": null, "6.1": null, "6.12": null };

export const netemLoss: Fault = {
  name: "netem-loss",
  put: [`${uplink} netem loss 30%`],
  hurt: [`$T udp ${toClient} 200`],
  counter: qdiscDropped("uplink0", "netem"),
  undo: remove,
  drops: refused,
};

export const netemLimit: Fault = {
  name: "netem-limit",
  put: [`${uplink} netem delay 200ms limit 20`],
  hurt: [`$T udp ${toClient} 200`, "sleep 0.3"],
  counter: qdiscDropped("uplink0", "netem"),
  undo: remove,
  drops: refused,
};

/** Hurts every packet, and loses none. */
export const netemDelay: Fault = {
  name: "netem-delay",
  put: [`${uplink} netem delay 50ms`],
  hurt: [`$T udp ${toClient} 100`],
  counter: qdiscSent("uplink0", "netem"),
  undo: remove,
  drops: nowhere,
};

/** Half of the packets overtake the others, and none is lost. */
export const netemReorder: Fault = {
  name: "netem-reorder",
  put: [`${uplink} netem delay 20ms reorder 50%`, "/mnt/background order $C order 4001", "sleep 0.3"],
  hurt: [`$T udp ${address.client} 4001 200 64 1`],
  counter: "tail -n 1 /run/lab/order.log",
  undo: ["/mnt/finish order", ...remove],
  drops: nowhere,
};

export const tbfOverflow: Fault = {
  name: "tbf-overflow",
  put: [`${uplink} tbf rate 1mbit burst 2kb limit 10kb`],
  hurt: [`$T udp ${toClient} 200 1000`],
  counter: qdiscDropped("uplink0", "tbf"),
  undo: remove,
  drops: refused,
};

/** The queue is full: fq_codel drops from the head of its fattest flow. */
export const fqCodelOverflow: Fault = {
  name: "fq_codel-overflow",
  put: [
    `${uplink} handle 1: tbf rate 1mbit burst 2kb limit 1mb`,
    "tc qdisc add dev uplink0 parent 1:1 handle 2: fq_codel limit 20",
  ],
  hurt: [`$T udp ${toClient} 100 1000`],
  counter: qdiscDropped("uplink0", "fq_codel"),
  undo: remove,
  drops: refused,
};
