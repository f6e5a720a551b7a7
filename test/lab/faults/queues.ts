import { address, sinkPort } from "../topology/topology.js";
import { qdiscDropped, qdiscSent } from "./counters.js";
import { type Fault, nowhere, type Places } from "./fault.js";

const uplink = "tc qdisc add dev uplink0 root";
const remove = ["tc qdisc del dev uplink0 root"];
const toClient = `${address.client} ${sinkPort}`;

/** Packets that a qdisc refuses are put on a list that __dev_xmit_skb() frees. */
const refused: Places = {
  "5.10": [{ reason: null, site: "kfree_skb_list" }],
  "6.1": [{ reason: "QDISC_DROP", site: "kfree_skb_list_reason" }],
  "6.12": [{ reason: "QDISC_DROP", site: "__dev_queue_xmit" }],
};

export const netemLoss: Fault = {
  name: "netem-loss",
  put: [`${uplink} netem loss 30%`],
  hurt: [`$T udp ${toClient} 200`],
  counter: qdiscDropped("uplink0", "netem"),
  undo: remove,
  drops: refused,
  seenIn: { qdisc: { step: "netem_enqueue", name: "NET_XMIT_SUCCESS|__NET_XMIT_BYPASS" } },
};

export const netemLimit: Fault = {
  name: "netem-limit",
  put: [`${uplink} netem delay 200ms limit 20`],
  hurt: [`$T udp ${toClient} 200`, "sleep 0.3"],
  counter: qdiscDropped("uplink0", "netem"),
  undo: remove,
  drops: refused,
  seenIn: { qdisc: { step: "netem_enqueue", name: "NET_XMIT_DROP" } },
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
  put: [
    `${uplink} netem delay 20ms reorder 50%`,
    "/mnt/background order $C order 4001",
    "until [ -s /run/lab/order.log ]; do sleep 0.05; done",
  ],
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
  seenIn: { qdisc: { step: "tbf_enqueue", name: "NET_XMIT_DROP" } },
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
  // CoDel drops, too, when the queue is read.
  drops: {
    "5.10": [...refused["5.10"], { reason: null, site: "__fq_codel_dequeue" }],
    "6.1": [...refused["6.1"], { reason: "NOT_SPECIFIED", site: "__fq_codel_dequeue" }],
    "6.12": [...refused["6.12"], { reason: "NOT_SPECIFIED", site: "__fq_codel_dequeue" }],
  },
  // It drops several at once and says that it did.
  seenIn: { qdisc: null },
};
