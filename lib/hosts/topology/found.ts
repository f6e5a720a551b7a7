import { namespaceIds, namespaceNames } from "../namespaces/index.js";
import type { Snapshot } from "../sections.js";
import { limits } from "./collect.js";
import { devicesOf } from "./links.js";
import { machinesOf } from "./machines.js";
import type { Found } from "./model.js";
import { addOvs } from "./ovs.js";
import { tie } from "./peers.js";

/** Joins what the host said of itself; what it did not say is a note. */
export function foundIn(sections: Snapshot): Found {
  const own = sections.own ?? "";
  const namespaces = namespaceNames(sections);
  const looked = [...namespaces.keys()].map((inode) => ({
    inode,
    seen: devicesOf(inode, sections, inode === own),
  }));
  const seen = looked.flatMap((one) => one.seen ?? []);
  tie(seen, namespaceIds(sections, namespaces));
  const devices = new Map(seen.map(({ device }) => [device.key, device]));
  const usesOvs = seen.some(({ device }) => device.kind === "openvswitch");
  addOvs(devices, sections, own);
  const machines = machinesOf(sections, devices);
  const unseen = looked.flatMap(({ inode, seen }) => (seen === null && inode !== own ? [inode] : []));
  const missing = new Set((sections.missing ?? "").split("\n"));
  const others = machines.filter(({ otherThreads }) => otherThreads.length > 0);
  const processes = (sections.pids ?? "").split(/\s+/).length;
  const files = (sections.files ?? "").split("\n").length;
  const notes = [
    [
      sections.uid !== "0",
      "asked without root: taps, vhost threads and other network namespaces are missing",
    ],
    [missing.has("ip"), "the host has no ip command (iproute2): devices are missing"],
    [
      !missing.has("ip") && looked.some((one) => one.inode === own && one.seen === null),
      "the host's ip command says nothing as JSON (iproute2 before 4.14?): devices are missing",
    ],
    [missing.has("nsenter"), "the host has no nsenter (util-linux): devices of other namespaces are missing"],
    [missing.has("ethtool"), "the host has no ethtool: offloads are unknown"],
    [
      usesOvs && (sections["ovs.bridges"] ?? "") === "",
      missing.has("ovs-vsctl")
        ? "Open vSwitch runs, but ovs-vsctl isn't there: which bridge a port is on is unknown"
        : "Open vSwitch runs, but ovs-vsctl got no answer: which bridge a port is on is unknown",
    ],
    [
      (sections["ovs.bridges"] ?? "") !== "" && !(sections["ovs.datapaths"] ?? ""),
      "ovs-appctl got no answer of ovs-vswitchd: where tunnels and patches lead is unknown",
    ],
    [unseen.length > 0, `${unseen.length} of ${looked.length} network namespaces could not be looked into`],
    [
      others.length > 0,
      `vhost threads that could not be told apart by interface: ${others.map(threadsText).join("; ")}`,
    ],
    [processes > limits.processes, `more than ${limits.processes} processes with taps: some are left out`],
    [files >= limits.files, `more than ${limits.files} open taps: some are left out`],
  ].flatMap(([holds, note]) => (holds ? [note as string] : []));
  return { devices, machines, namespaces, own, notes };
}

function threadsText({ name, pid, otherThreads }: Found["machines"][number]): string {
  return `${otherThreads.map(({ tid }) => tid).join(", ")} of ${name ?? `pid ${pid}`}`;
}
