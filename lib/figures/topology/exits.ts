import { counted } from "../text.js";
import type { BoxKind } from "./kinds.js";
import type { Port, Ports } from "./rows.js";

/** What stands in a box. */
export interface Content {
  kind: BoxKind;
  lines: string[];
  /** Shown when the pointer rests on it. */
  hover: string;
}

/** What the bridges of a group of ports lead to, besides the ports. */
export interface Exit extends Content {
  /** It hangs on a bridge before the last one. */
  early: boolean;
}

/** What is known of bridges and tunnels, by name. */
export type Known = Pick<Ports, "bridges" | "tunnels">;

/** More tunnels of a bridge than these share a box. */
const maxTunnels = 4;

/** Uplinks, tunnels, and the host where it has addresses on a bridge; all ports of the group end at the same bridge. */
export function exitsOf(group: readonly Port[], known: Known): Exit[] {
  const uplinks = new Map(
    group.flatMap(({ uplink, members }) => (uplink === null ? [] : [[uplink, members]])),
  );
  const last = group[0]?.bridges.at(-1);
  const bridges = [...new Set(group.flatMap((port) => port.bridges))];
  const tunnels = [...new Set(group.flatMap((port) => port.tunnels))];
  const owners = [...new Set(tunnels.map((tunnel) => known.tunnels.get(nameOf(tunnel))))];
  return [
    ...[...uplinks].map(([name, members]): Exit => {
      const lines = [name, ...(members === null ? [] : [members])];
      return { kind: "uplink", lines, hover: lines.join(": "), early: false };
    }),
    ...owners.flatMap((owner) => {
      const own = tunnels.filter((tunnel) => known.tunnels.get(nameOf(tunnel)) === owner);
      const elsewhere = owner === undefined || bridges.includes(owner) ? "" : ` on ${owner}`;
      return tunnelBoxes(own, elsewhere).map((box) => ({
        ...box,
        early: owner !== last && bridges.length > 1,
      }));
    }),
    ...bridges.flatMap((bridge) => {
      const own = known.bridges.get(bridge)?.addresses ?? null;
      return own === null ? [] : [{ ...hostBox(own), early: bridge !== last }];
    }),
  ];
}

function nameOf(tunnel: string): string {
  return tunnel.split(" to ")[0] ?? tunnel;
}

function tunnelBoxes(tunnels: readonly string[], elsewhere: string): Content[] {
  if (tunnels.length > maxTunnels) {
    const lines = [`${counted(tunnels.length, "tunnel")}${elsewhere}`, `${tunnels[0]}, …`];
    return [{ kind: "tunnel", lines, hover: tunnels.join(", ") }];
  }
  return tunnels.map((tunnel) => {
    const [name = "", remote] = tunnel.split(" to ");
    const lines = [`${name}${elsewhere}`, ...(remote === undefined ? [] : [`to ${remote}`])];
    return { kind: "tunnel", lines, hover: tunnel };
  });
}

function hostBox(addresses: string): Content {
  const [first = "", ...rest] = addresses.split(", ");
  const more = rest.length === 0 ? "" : ` and ${rest.length} more`;
  return { kind: "host", lines: ["the host itself", `${first}${more}`], hover: addresses };
}
