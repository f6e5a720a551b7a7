import type { Target } from "../../lib/probes/index.js";
import type { Column } from "../../lib/tables/index.js";

/** Columns that say what became of a packet. */
export const outcomeColumns: readonly Column[] = [
  {
    name: "step",
    type: "VARCHAR",
    meaning:
      "lookup: its connection was looked for; confirm: the connection that it began was put into the table",
  },
  {
    name: "owner",
    type: "VARCHAR",
    meaning: "who had it tracked: netfilter, or the action ct of openvswitch",
  },
  { name: "verdict", type: "VARCHAR", meaning: "ACCEPT, or DROP where the packet was dropped for it" },
  {
    name: "state",
    type: "VARCHAR",
    meaning: "NEW, ESTABLISHED, RELATED, with _REPLY for the other direction, UNTRACKED, INVALID",
  },
];

export const zoneColumn: Column = {
  name: "zone",
  type: "INTEGER",
  meaning: "connection tracking zone; null where there is no connection, or the kernel doesn't say",
};
export const tcpStateColumn: Column = {
  name: "tcp_state",
  type: "VARCHAR",
  meaning: "state of the TCP connection after it; null where it is none",
};
export const whyColumn: Column = {
  name: "why",
  type: "VARCHAR",
  meaning: "why it is invalid, as the kernel would log it; %… are numbers that aren't filled in",
};

/** What a reader must know where the host's BTF has no connections. */
export function conntrackNotes(target: Target): string[] {
  return target.structs.has("nf_conn")
    ? []
    : [
        `kernel ${target.snapshot.kernel} doesn't say how its connections are laid out: zone, status and TCP state are unknown`,
      ];
}
