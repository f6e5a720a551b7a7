import type { Column, Value } from "../../tables/index.js";
import type { Found, Machine, VhostThread } from "./model.js";

export const machineColumns: Column[] = [
  {
    name: "machine",
    type: "VARCHAR",
    meaning: "name of the virtual machine; null where its command line has none",
  },
  { name: "uuid", type: "VARCHAR", meaning: "UUID of the virtual machine" },
  { name: "pid", type: "INTEGER", meaning: "process of the machine" },
  { name: "program", type: "VARCHAR", meaning: "what the process is called" },
  { name: "netns", type: "VARCHAR", meaning: "network namespace of the process" },
  { name: "interface", type: "VARCHAR", meaning: "QEMU's id of the back end, or libvirt's alias" },
  {
    name: "backend",
    type: "VARCHAR",
    meaning: "tap, vhost-user, user, ...; null: the machine has no interface",
  },
  { name: "model", type: "VARCHAR", meaning: "the guest's device" },
  { name: "mac", type: "VARCHAR", meaning: "MAC address that the guest has" },
  { name: "device", type: "VARCHAR", meaning: "tap or macvtap" },
  { name: "queues", type: "INTEGER", meaning: "queues of the tap that the process has open" },
  { name: "tap_fds", type: "VARCHAR", meaning: "descriptors of the tap, one for each queue" },
  { name: "vhost_fds", type: "VARCHAR", meaning: "descriptors of vhost-net, one for each queue pair" },
  {
    name: "vhost_threads",
    type: "VARCHAR",
    meaning: "ids of the vhost threads, given out by their order where there are several interfaces",
  },
  {
    name: "vhost_cpus",
    type: "VARCHAR",
    meaning: "CPUs that these threads may run on, one list for all or one for each",
  },
];

export function machineRows(found: Found): Value[][] {
  return found.machines.flatMap((machine) => {
    const own = ofMachine(machine, found);
    if (machine.interfaces.length === 0) return [[...own, ...Array(10).fill(null)]];
    return machine.interfaces.map((one) => [
      ...own,
      ...[one.id, one.backend, one.model, one.mac],
      one.device === null ? null : (found.devices.get(one.device)?.name ?? null),
      ...[one.tapFds.length || null, listed(one.tapFds), listed(one.vhostFds)],
      ...[listed(one.vhostThreads.map(({ tid }) => tid)), cpusText(one.vhostThreads)],
    ]);
  });
}

function ofMachine({ name, uuid, pid, program, netns }: Machine, { namespaces }: Found): Value[] {
  return [name, uuid, pid, program, namespaces.get(netns) ?? (netns === "" ? null : netns)];
}

function listed(numbers: readonly number[]): string | null {
  return numbers.length === 0 ? null : numbers.join(", ");
}

/** One list of CPUs where it is that of all threads, else one for each in their order. */
export function cpusText(threads: readonly VhostThread[]): string | null {
  if (threads.length === 0) return null;
  const each = threads.map(({ cpus }) => cpus ?? "unknown");
  return new Set(each).size === 1 ? (each[0] as string) : each.join("; ");
}
