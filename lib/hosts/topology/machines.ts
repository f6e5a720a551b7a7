import type { Snapshot } from "../sections.js";
import { type OpenFiles, openFiles, vhostThreads } from "./files.js";
import { domains, type LibvirtInterface } from "./libvirt.js";
import { type Device, keyOf, type Machine, type MachineInterface, type VhostThread } from "./model.js";

/** One back end on QEMU's command line, with the guest's device on it. */
interface Backend {
  type: string | null;
  id: string | null;
  ifname: string | null;
  fds: number[];
  vhost: boolean;
  vhostFds: number[];
  /** QEMU sets up the back ends that are given as JSON before the others. */
  early: boolean;
  model: string | null;
  mac: string | null;
}

/** An interface, and whether vhost serves it; null where only the open tap is known. */
type Joined = MachineInterface & { vhost: boolean | null; early: boolean };

const none: OpenFiles = { taps: new Map(), macvtaps: new Map(), vhost: [], kvm: false };

/** The virtual machines of a host, their interfaces joined with devices by what their processes have open. */
export function machinesOf(sections: Snapshot, devices: ReadonlyMap<string, Device>): Machine[] {
  const files = openFiles(sections);
  const threads = vhostThreads(sections);
  const libvirt = domains(sections);
  return (sections.pids ?? "")
    .split(/\s+/)
    .filter((pid) => sections[`process.${pid}`] !== undefined)
    .map(Number)
    .flatMap((pid) => {
      const said = sections[`process.${pid}`] ?? "";
      const open = files.get(pid) ?? none;
      const program = /^comm (.*)$/m.exec(said)?.[1] ?? "";
      if (!/^(qemu|kvm$)/.test(program) && !open.kvm && open.vhost.length === 0) return [];
      const netns = /^netns (\d+)$/m.exec(said)?.[1] ?? "";
      const domain = libvirt.get(pid);
      const interfaces = interfacesOf(open, backendsOf(said), domain?.interfaces ?? [], netns, devices);
      const otherThreads = giveThreads(interfaces, open.vhost, threads.get(pid) ?? []);
      return [
        {
          name: /^name (.+)$/m.exec(said)?.[1] ?? domain?.name ?? null,
          uuid: /^uuid (.+)$/m.exec(said)?.[1] ?? domain?.uuid ?? null,
          ...{ pid, program, netns, interfaces, otherThreads },
        },
      ];
    });
}

function backendsOf(said: string): Backend[] {
  const lines = (word: string) =>
    [...said.matchAll(new RegExp(`^${word} (.+)$`, "gm"))].map(([, text = ""]) =>
      Object.fromEntries(
        text.split(",").map((pair) => {
          const equals = pair.indexOf("=");
          return [pair.slice(0, equals), pair.slice(equals + 1).replaceAll("\u0001", ",")];
        }),
      ),
    );
  const guests = new Map(lines("device").map((device) => [device.netdev, device]));
  const numbers = (text = "") => text.split(":").flatMap((one) => (/^\d+$/.test(one) ? [Number(one)] : []));
  return lines("netdev").map((netdev) => {
    const guest = guests.get(netdev.id);
    return {
      type: netdev.type ?? null,
      id: netdev.id ?? null,
      ifname: netdev.ifname ?? null,
      fds: numbers(netdev.fds ?? netdev.fd),
      vhost: netdev.vhost === "on" || netdev.vhost === "true",
      vhostFds: numbers(netdev.vhostfds ?? netdev.vhostfd),
      early: netdev.json === "on",
      model: guest?.driver ?? netdev.model ?? null,
      mac: guest?.mac ?? netdev.mac ?? null,
    };
  });
}

/** First what the command line names, then what is open besides: plugged in later, or of another program than QEMU. */
function interfacesOf(
  open: OpenFiles,
  backends: readonly Backend[],
  domain: readonly LibvirtInterface[],
  netns: string,
  devices: ReadonlyMap<string, Device>,
): Joined[] {
  const find = finder(netns, devices);
  const left = new Map<string, number[]>();
  const hold = (key: string | null, fd: number) => {
    if (key !== null) left.set(key, [...(left.get(key) ?? []), fd]);
  };
  for (const [fd, name] of open.taps) hold(find.byName(name), fd);
  for (const [fd, index] of open.macvtaps) hold(find.byIndex(index), fd);
  const take = (key: string | null | undefined) => {
    const fds = left.get(key ?? "") ?? [];
    left.delete(key ?? "");
    return fds;
  };
  const named = backends.map((backend) => {
    const held = [...left].find(([, fds]) => fds.some((fd) => backend.fds.includes(fd)))?.[0];
    const device = held ?? (backend.ifname === null ? null : find.byName(backend.ifname));
    return {
      ...{ id: backend.id, backend: backend.type, model: backend.model, mac: backend.mac, device },
      ...{
        tapFds: take(device),
        vhostFds: backend.vhostFds,
        vhostThreads: [],
        vhost: backend.vhost,
        early: backend.early,
      },
    };
  });
  const later = [...left].map(([device, tapFds]) => {
    const known = domain.find((one) => one.device === devices.get(device)?.name);
    return {
      ...{
        id: known?.alias ?? null,
        backend: "tap",
        model: known?.model ?? null,
        mac: known?.mac ?? null,
        device,
      },
      ...{ tapFds, vhostFds: [], vhostThreads: [], vhost: null, early: false },
    };
  });
  return [...named, ...later];
}

/** A tap is in the namespace of its process, or was moved to another after the process opened it. */
function finder(netns: string, devices: ReadonlyMap<string, Device>) {
  const kinds = new Set(["tun", "macvtap", "ipvtap"]);
  const only = (fits: (device: Device) => boolean): string | null => {
    const found = [...devices.values()].filter((device) => kinds.has(device.kind) && fits(device));
    return found.length === 1 ? (found[0]?.key ?? null) : null;
  };
  return {
    byName: (name: string) =>
      devices.has(keyOf(netns, name)) ? keyOf(netns, name) : only((device) => device.name === name),
    byIndex: (index: number) =>
      only((device) => device.ifindex === index && device.netns === netns) ??
      only((device) => device.ifindex === index),
  };
}

/**
 * Each queue pair with vhost has a descriptor of vhost-net and a thread, and QEMU makes them in the order in which it sets up its back
 * ends: they are given out so where their number is right. Returns the threads that nobody got.
 */
function giveThreads(
  interfaces: readonly Joined[],
  files: readonly number[],
  threads: readonly VhostThread[],
): VhostThread[] {
  const users = interfaces
    .filter(({ vhost, device }) => vhost !== false && device !== null)
    .sort((a, b) => Number(b.early) - Number(a.early));
  const named = new Set(users.flatMap(({ vhostFds }) => vhostFds));
  const unnamed = users.filter(({ vhostFds }) => vhostFds.length === 0);
  const rest = files.filter((fd) => !named.has(fd));
  for (const [user, own] of dealt(unnamed, rest)) user.vhostFds = own;
  const own = dealt(users, threads);
  for (const [user, served] of own) user.vhostThreads = served;
  return own.size === 0 ? [...threads] : [];
}

/** All to the only user, or to each as many as it has queues; nothing where that doesn't come out even. */
function dealt<Item>(users: readonly Joined[], items: readonly Item[]): Map<Joined, Item[]> {
  const [only] = users;
  if (only !== undefined && users.length === 1) return new Map([[only, [...items]]]);
  const queues = users.map(({ vhostFds, tapFds }) => vhostFds.length || tapFds.length);
  const even = queues.reduce((sum, count) => sum + count, 0) === items.length;
  if (!even || users.some(({ vhost }) => vhost !== true)) return new Map();
  const starts = queues.map((_, index) => queues.slice(0, index).reduce((sum, count) => sum + count, 0));
  return new Map(
    users.map((user, index) => {
      const start = starts[index] ?? 0;
      return [user, items.slice(start, start + (queues[index] ?? 0))];
    }),
  );
}
