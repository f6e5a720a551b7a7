import type { Column } from "../../lib/tables/index.js";

export const stepColumn: Column = {
  name: "step",
  type: "VARCHAR",
  meaning:
    "insert: a fragment comes to its queue; expire: a queue is given up; free: a refused fragment is freed; defragment: one is handed in",
};
export const resultColumn: Column = {
  name: "result",
  type: "VARCHAR",
  meaning: "OK, DUPLICATE or OVERLAP of insert; EXPIRED; FREED; WAITING, COMPLETE or an error of defragment",
};
export const userColumns: readonly Column[] = [
  { name: "user", type: "VARCHAR", meaning: "who puts the fragments together" },
  {
    name: "zone",
    type: "INTEGER",
    meaning: "connection tracking zone that does; null where it is not conntrack",
  },
];
export const versionColumn: Column = { name: "ip_version", type: "INTEGER", meaning: "4 or 6" };
export const protocolColumn: Column = {
  name: "protocol",
  type: "VARCHAR",
  meaning: "IP protocol of the datagram; null where the queue doesn't know, as of IPv6",
};
