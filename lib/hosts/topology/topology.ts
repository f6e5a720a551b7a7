import { jupyterDisplay, type MimeBundle } from "../../cell/index.js";
import { completeProvenance, createFrame, type Frame, type Provenance } from "../../tables/index.js";
import type { Host } from "../host.js";
import { type Reading, readUntil } from "../read-sections.js";
import { timeOf } from "../sections.js";
import { understood } from "../understood.js";
import { topologyScript } from "./collect.js";
import { deviceColumns, deviceRows } from "./device-frame.js";
import { foundIn } from "./found.js";
import { machineColumns, machineRows } from "./machine-frame.js";
import { pathColumns, pathRows } from "./path-frame.js";

/** A host with a thousand devices answers in a few seconds; one under emulation takes longer. */
const deadlineSeconds = 90;

/** The data path of a virtualization host. As the last value of a cell it shows its paths. */
export class Topology {
  constructor(
    /** One row for each network device and port of Open vSwitch, in all network namespaces. */
    readonly devices: Frame,
    /** One row for each interface of each virtual machine: its process, tap and vhost threads. */
    readonly machines: Frame,
    /** One row for each interface of a machine or of a network namespace: its way to the uplink. */
    readonly paths: Frame,
  ) {}

  [jupyterDisplay](): MimeBundle {
    return this.paths[jupyterDisplay]();
  }
}

/**
 * Says how the machines of a virtualization host are connected: which tap belongs to which machine, which vhost threads serve it and on
 * which CPUs, which bridge it is on and by what that reaches the network. Linux bridges, Open vSwitch with bonds, patches and tunnels, macvtap,
 * veth pairs between network namespaces.
 *
 * It reads and changes nothing: `ip`, `/proc/PID/fd` and `fdinfo`, the command lines of QEMU (only what names the machine and its
 * interfaces leaves the host), the state of libvirt, `ovs-vsctl` and `ovs-appctl`. At most 256 network namespaces and 512 processes.
 *
 * - `paths`: `guest`, `guest_kind`, `guest_device`, `guest_mac`, `device`, `netns`, `queues`, `vhost_threads`, `vhost_cpus`, `bridge`,
 *   `bridge_kind`, `vlan`, `bridges`, `uplink`, `members`, `tunnels`, `host_addresses`, `path`
 * - `machines`: `machine`, `uuid`, `pid`, `program`, `netns`, `interface`, `backend`, `model`, `mac`, `device`, `queues`, `tap_fds`,
 *   `vhost_fds`, `vhost_threads`, `vhost_cpus`
 * - `devices`: `name`, `ifindex`, `netns`, `netns_inode`, `kind`, `role`, `master`, `vlan`, `peer`, `peer_netns`, `lower`, `remote`, `mac`, `mtu_bytes`,
 *   `state`, `addresses`, `qdisc`, `rx_queues`, `tx_queues`, `offloads`, `driver`, `speed_mbps`, `detail`
 *
 * What needs root, or a tool that the host doesn't have, is missing and named in the notes. A vhost thread belongs to a machine for certain;
 * where a machine has several interfaces, to one of them by its order.
 *
 * @throws SkbookError `INTERRUPTED`, `LEASE_EXPIRED`, `CONNECTION_LOST`, and the host's own; in a replay `NOT_RECORDED`.
 * @example const t = await topology(host); t.paths
 */
export async function topology(host: Host): Promise<Topology> {
  const reading = await readUntil(deadlineSeconds, host, "topology", topologyScript);
  return understood(host.name, "the topology", () => topologyOf(host.name, reading));
}

/** What a reading says; the same for a live and a replayed one. */
export function topologyOf(host: string, reading: Reading): Topology {
  const { sections, partial, recordingId } = reading;
  const found = foundIn(sections);
  const provenance: Provenance = completeProvenance("topology", {
    host,
    recordingId,
    startedAt: timeOf(sections.began),
    endedAt: timeOf(sections.ended),
    partial,
    notes: [
      ...(partial
        ? [`the host had not said all of it within ${deadlineSeconds} s: the rest is missing`]
        : []),
      ...found.notes,
    ],
  });
  return new Topology(
    createFrame(deviceColumns, deviceRows(found), provenance),
    createFrame(machineColumns, machineRows(found), provenance),
    createFrame(pathColumns, pathRows(found), provenance),
  );
}
