import type { Site } from "../site.js";
import { type Bpf, bpf, joined } from "../text/bpf.js";
import { BpfMap } from "../text/maps.js";
import { isNamed, type NameWords } from "../text/names.js";

/** Devices on two sides of a host, in one of its network namespaces. */
export interface Sides {
  from: readonly string[];
  to: readonly string[];
  /** Inode of the namespace; default the one that commands on the host run in. */
  netns?: number | undefined;
}

const nothing = bpf``;
const sides = new BpfMap("side", false);

/** `$side` of a device that is on neither side. */
export const neitherSide = 3;

/** Statement for every tick: a device that has gone may leave its address to another one. */
export const forgetSides = bpf`clear(${sides.at()});`;

/**
 * Statements that set `$side` for the device of the packet `$skb`: 1 for `from`, 2 for `to`, 3 for neither. Names and namespace of a device are read once and
 * remembered by its address, until {@link forgetSides}.
 *
 * @param elsewhere what it is for a device of another namespace.
 */
export function readSide(site: Site, { from, to, netns }: Sides, elsewhere = neitherSide): Bpf {
  return readGroup(site, [from, to], { netns, other: neitherSide, elsewhere });
}

/** `$side` of a device that {@link readDevices} doesn't know. */
export const unknownDevice = 255;

/** The same for devices each of which has a number of its own, from 1 on. */
export function readDevices(site: Site, devices: readonly string[], netns?: number): Bpf {
  return readGroup(
    site,
    devices.map((one) => [one]),
    { netns, other: unknownDevice, elsewhere: unknownDevice },
  );
}

function readGroup(
  site: Site,
  groups: readonly (readonly string[])[],
  { netns, other, elsewhere }: { netns: number | undefined; other: number; elsewhere: number },
): Bpf {
  const known = sides.at(bpf`$dev`);
  const name: NameWords = { first: bpf`$dev1`, second: bpf`$dev2` };
  const words = site.name(bpf`$dev`, "net_device.name");
  const inode = netns ?? ownNetns(site);
  const inum = site.read(site.read(bpf`$dev`, "net_device.nd_net.net"), "net.ns.inum");
  const isElsewhere = inode === undefined ? bpf`` : bpf`if (${inum} != ${inode}) { $side = ${elsewhere}; }`;
  const tests = groups.flatMap((devices, index) =>
    devices.length === 0 ? [] : [{ test: oneOf(name, devices), side: index + 1 }],
  );
  const named = tests.reduceRight(
    (rest, { test, side }) =>
      bpf`if (${test}) { $side = ${side}; }${rest === nothing ? bpf`` : bpf` else { ${rest} }`}`,
    nothing,
  );
  return bpf`$dev = ${site.read(bpf`$skb`, "sk_buff.dev")};
  $side = ${known};
  if ($side == 0) {
    $dev1 = ${words.first}; $dev2 = ${words.second};
    $side = ${other};
    ${named}
    ${isElsewhere}
    ${known} = $side;
  }`;
}

function oneOf(name: NameWords, devices: readonly string[]): Bpf {
  return joined(
    devices.map((device) => isNamed(name, device)),
    " || ",
  );
}

/** Inode of the namespace that commands on the host run in; undefined for a host recorded before it was asked for. */
export function ownNetns({ target }: Site): number | undefined {
  const inode = Number(target.snapshot.netns);
  return Number.isInteger(inode) && inode > 0 ? inode : undefined;
}
