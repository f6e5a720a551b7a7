import { type Content, type Exit, exitsOf, type Known } from "./exits.js";
import type { Port, Ports } from "./rows.js";

/** A box in its column; its place from top to bottom in rows. */
export interface Box extends Content {
  column: number;
  top: number;
  bottom: number;
}

/** A line from a box to one in a column further right, at a height in rows on each side. */
export interface Link {
  from: Box;
  to: Box;
  fromRow: number;
  toRow: number;
}

export interface Placed {
  boxes: Box[];
  links: Link[];
  columns: number;
  rows: number;
}

const routes = "the host routes";
/** Space between what hangs on two bridges, in rows. */
const gap = 0.4;
/**
 * Places guests, their devices, bridges and uplinks from left to right. What ends at the same bridge stands together, sorted so that a bridge
 * further left is one box too, and every link runs level.
 */
export function place({ ports, ...known }: Ports): Placed {
  const depth = Math.max(1, ...ports.map(({ bridges }) => bridges.length));
  const placed: Placed = { boxes: [], links: [], columns: depth + 3, rows: 0 };
  for (const group of groupsOf(ports)) {
    if (placed.rows > 0) placed.rows += gap;
    placeGroup(group, known, depth, placed);
  }
  return placed;
}

/** Ports by where their bridges end, those of one bridge side by side. */
function groupsOf(ports: readonly Port[]): Port[][] {
  const end = (port: Port) => chainOf(port).at(-1) ?? port.uplink ?? "";
  return grouped(ports, end).map((group) => sideBySide(group, 2));
}

/** Ports of one bridge next to each other at every place of the chain, counted from its end; in their order else. */
function sideBySide(ports: readonly Port[], place: number): Port[] {
  const ending = ports.filter((port) => chainOf(port).length < place);
  const longer = ports.filter((port) => chainOf(port).length >= place);
  const groups = grouped(longer, (port) => chainOf(port).at(-place) ?? "");
  return [...ending, ...groups.flatMap((group) => sideBySide(group, place + 1))];
}

function grouped(ports: readonly Port[], by: (port: Port) => string): Port[][] {
  const groups = new Map<string, Port[]>();
  for (const port of ports) groups.set(by(port), [...(groups.get(by(port)) ?? []), port]);
  return [...groups.values()];
}

/** The bridges of a port; where the host routes, it takes their place. */
function chainOf({ bridges, uplink, addresses }: Port): string[] {
  if (bridges.length > 0) return [...bridges];
  return uplink === null && addresses !== null ? [routes] : [];
}

/** Ports from the top; what the last bridge leads to beside it, and under that what the bridges before it lead to. */
function placeGroup(group: readonly Port[], known: Known, depth: number, placed: Placed): void {
  const exits = exitsOf(group, known);
  const { boxes, links, rows: start } = placed;
  const last = exits.filter(({ early }) => !early);
  const early = exits.filter((exit) => exit.early);
  const direct = group.filter((port) => chainOf(port).length === 1).length;
  const height = Math.max(group.length, Math.max(direct, last.length, 1) + early.length);
  const middle = start + height - early.length;
  const add = (content: Content, column: number, top: number, bottom: number): Box => {
    const box = { ...content, column, top, bottom };
    boxes.push(box);
    return box;
  };
  const bridges = new Map<string, Box>();
  const ends: { box: Box; row: number }[] = [];
  let guest: Box | undefined;
  for (const [index, port] of group.entries()) {
    const row = start + index + 0.5;
    const around = [row - 0.5, row + 0.5] as const;
    if (guest === undefined || group[index - 1]?.guest !== port.guest)
      guest = add(guestBox(port), 0, ...around);
    guest.bottom = row + 0.5;
    let at = guest;
    const join = (to: Box) => {
      links.push({ from: at, to, fromRow: row, toRow: Math.min(row, to.bottom - 0.5) });
      at = to;
    };
    if (port.device !== null) join(add(deviceBox(port), 1, ...around));
    const chain = chainOf(port);
    for (const [position, name] of chain.entries()) {
      const key = chain.slice(position).join("\n");
      const left = chain.length - 1 - position;
      const drawn = bridges.get(key);
      const [top, bottom] = left === 0 ? ([start, middle] as const) : around;
      const box =
        drawn ?? add(bridgeBox(name, known.bridges.get(name)?.ovs ?? false), 1 + depth - left, top, bottom);
      bridges.set(key, box);
      if (left > 0) box.bottom = Math.max(box.bottom, row + 0.5);
      join(box);
      // What follows it is drawn already, too.
      if (drawn !== undefined) break;
    }
    if (chain.length === 0 || ends.length === 0) ends.push({ box: at, row });
  }
  placeExits(last, ends, [start, middle], (exit, row) => add(exit, depth + 2, row - 0.5, row + 0.5), links);
  const before = [...bridges.values()].filter(({ column }) => column === depth).at(-1);
  if (before !== undefined && early.length > 0) {
    before.bottom = start + height;
    const from = [{ box: before, row: before.bottom }];
    placeExits(
      early,
      from,
      [middle, before.bottom],
      (exit, row) => add(exit, depth + 2, row - 0.5, row + 0.5),
      links,
    );
  }
  placed.rows = start + height;
}

function placeExits(
  exits: readonly Exit[],
  ends: readonly { box: Box; row: number }[],
  [top, bottom]: [number, number],
  add: (content: Content, row: number) => Box,
  links: Link[],
): void {
  for (const [index, exit] of exits.entries()) {
    const toRow = top + ((index + 0.5) * (bottom - top)) / exits.length;
    const to = add(exit, toRow);
    for (const { box: from, row } of ends) {
      const level = toRow > from.top && toRow < from.bottom;
      links.push({ from, to, fromRow: level ? toRow : row, toRow });
    }
  }
}

function guestBox({ kind, guest, path }: Port): Content {
  return { kind, lines: [guest], hover: path };
}

function deviceBox(port: Port): Content {
  const { device, threads, cpus, queues, vlan, guestDevice, down, path } = port;
  const about = [
    ...(threads === null ? [] : [`vhost ${threads}${cpus === null ? "" : ` on CPU ${cpus}`}`]),
    ...(queues !== null && queues > 1 ? [`${queues} queues`] : []),
    ...(vlan === null ? [] : [`VLAN ${vlan}`]),
    ...(port.kind === "namespace" && guestDevice !== null ? [`to ${guestDevice}`] : []),
    ...(down ? ["down"] : []),
  ];
  const lines = [device ?? "", ...(about.length === 0 ? [] : [about.join(", ")])];
  return { kind: down ? "down" : "device", lines, hover: path };
}

function bridgeBox(name: string, ovs: boolean): Content {
  const kind = name === routes ? "host" : "bridge";
  const about = ovs ? ["Open vSwitch"] : [];
  return { kind, lines: [name, ...about], hover: [name, ...about].join(", ") };
}
