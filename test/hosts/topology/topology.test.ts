import { describe, expect, test } from "vitest";
import type { Topology, Value } from "../../../lib/index.js";
import { labSections, picked, topologyWith } from "./recorded.js";

const links = (inode = labSections.own) => JSON.parse(labSections[`links.${inode}`] ?? "");
const notes = ({ paths }: Topology) => paths.provenance.notes;
const cells = ({ values }: { values: unknown }) => values as Value[][];

describe("the topology of a lab host", () => {
  const topology = topologyWith();

  test("joins machine, process, tap, descriptors and vhost threads", () => {
    const rows = picked(
      topology.machines,
      ...["machine", "pid", "interface", "mac", "device", "queues", "tap_fds", "vhost_fds", "vhost_threads"],
    );
    expect(rows.map((row) => Object.values(row))).toEqual([
      [null, 385, "net", "02:00:00:00:00:01", "vnet3", 1, "11", "12", "389"],
      [null, 466, "net", "02:00:00:00:00:02", "vnet4", 1, "11", "12", "470"],
      ["web,1", 902, "hostnet0", "02:00:00:00:00:03", "mq0", 2, "19, 25", "20, 26", "906, 907"],
      // QEMU sets up a back end that is given as JSON first: flooding mq0 on this host moved thread 906.
      ["web,1", 902, "hostnet1", "02:00:00:00:00:04", "sq0", 1, "13", "14", "905"],
      ["web,1", 902, "hostnet2", "82:d9:8d:95:9b:89", "mv0", 1, "3", "4", "908"],
    ]);
    expect(notes(topology)).toEqual([]);
  });

  test("follows each interface to its uplink, its tunnel, or the host that routes", () => {
    expect(picked(topology.paths, "path").map(({ path }) => path)).toEqual([
      "pid 385 virtio-net-pci → vnet3 → br0 → br-ex → obond",
      "pid 466 virtio-net-pci → vnet4 → br0 → br-ex → obond",
      "web,1 virtio-net-pci → mq0 → lb0 → bond0.100",
      "web,1 virtio-net-pci → sq0 → br0 → br-ex → obond",
      "web,1 virtio-net-pci → mv0 → eth0",
      "client eth0 → uplink0 → the host routes",
      "far eth0 → under0 → the host routes",
      "vm1 eth0 → vnet1 → br0 → br-ex → obond",
      "vm2 eth0 → vnet2 → br0 → br-ex → obond",
    ]);
    const [, , web, tagged] = picked(
      topology.paths,
      ...["bridge_kind", "vlan", "members", "tunnels", "host_addresses"],
    );
    expect(web).toEqual({
      bridge_kind: "bridge",
      vlan: null,
      members: "mb0 (active), mb1 (backup)",
      tunnels: null,
      host_addresses: "198.51.100.129/25",
    });
    expect(tagged).toEqual({
      bridge_kind: "ovs bridge",
      vlan: 7,
      members: "nb0, nb1",
      tunnels: "vxlan0 to 203.0.113.130 key 42",
      host_addresses: "198.51.100.1/24, 2001:db8:2::1/64",
    });
  });

  test("says what each device is", async () => {
    const roles = await topology.devices.sql(
      "SELECT name, kind, role, master, peer, peer_netns, remote, detail FROM this WHERE role IS NOT NULL OR peer_netns = 'vm1' ORDER BY name",
    );
    expect(cells(roles).map((row) => row.map((one) => one ?? "-").join(" | "))).toMatchInlineSnapshot(`
      [
        "bond0.100 | vlan | uplink | lb0 | - | - | - | 802.1Q 100",
        "br-ex | ovs bridge | bridge | - | - | - | - | -",
        "br0 | ovs bridge | bridge | - | - | - | - | -",
        "lb0 | bridge | bridge | - | - | - | - | -",
        "mb0 | veth | bond member | bond0 | mb0p | host | - | active",
        "mb1 | veth | bond member | bond0 | mb1p | host | - | backup",
        "mq0 | tun | tap of web,1 | lb0 | - | - | - | -",
        "mv0 | macvtap | tap of web,1 | - | - | - | - | bridge",
        "nb0 | veth | bond member | obond | nb0p | host | - | -",
        "nb1 | veth | bond member | obond | nb1p | host | - | -",
        "obond | ovs bond | uplink | br-ex | - | - | - | active-backup",
        "sq0 | tun | tap of web,1 | br0 | - | - | - | -",
        "to-ex | ovs patch | patch | br0 | to-int | host | - | -",
        "to-int | ovs patch | patch | br-ex | to-ex | host | - | -",
        "vnet1 | veth | - | br0 | eth0 | vm1 | - | -",
        "vnet3 | tun | tap of pid 385 | br0 | - | - | - | -",
        "vnet4 | tun | tap of pid 466 | br0 | - | - | - | -",
        "vx0 | vxlan | tunnel | - | - | - | 203.0.113.129 key 42 | -",
        "vxlan0 | ovs vxlan | tunnel | br0 | - | - | 203.0.113.130 key 42 | -",
      ]
    `);
  });
});

describe("what a host may lack or hide", () => {
  test("Open vSwitch without its tools: the ports are there, their bridge is unknown", () => {
    const silent = ["bridges", "ports", "interfaces", "datapaths"].map((name) => [`ovs.${name}`, undefined]);
    const topology = topologyWith({ ...Object.fromEntries(silent), missing: "ovs-vsctl" });
    expect(picked(topology.paths, "device", "bridge")[0]).toEqual({ device: "vnet3", bridge: null });
    expect(notes(topology)).toEqual([expect.stringContaining("ovs-vsctl isn't there")]);
  });

  test("without root, machines are named by their command lines and the rest is said to be missing", () => {
    const topology = topologyWith({ uid: "1000", files: "", taps: "", threads: "", cpus: "", stats: "" });
    const rows = picked(topology.machines, "machine", "interface", "device", "vhost_threads");
    expect(rows[2]).toEqual({ machine: "web,1", interface: "hostnet0", device: "mq0", vhost_threads: null });
    expect(notes(topology)[0]).toMatch(/without root/);
  });

  test("a namespace that could not be looked into is counted", () => {
    const inode = /^(\d+) \/run\/netns\/vm1$/m.exec(labSections.named ?? "")?.[1];
    const topology = topologyWith({ [`links.${inode}`]: '[{"ifindex":1' });
    expect(notes(topology)).toEqual(["1 of 5 network namespaces could not be looked into"]);
    expect(picked(topology.devices, "name", "peer").find(({ name }) => name === "vnet1")?.peer).toBeNull();
  });

  test("vhost threads of several interfaces that don't come out even are nobody's", () => {
    const topology = topologyWith({ threads: labSections.threads?.replace("/proc/908/comm:vhost-902", "") });
    expect(picked(topology.machines, "vhost_threads").slice(2)).toEqual(
      Array(3).fill({ vhost_threads: null }),
    );
    expect(notes(topology)).toEqual([expect.stringMatching(/told apart.*905, 906, 907 of web,1/)]);
  });

  test("since Linux 6.4 vhost threads are threads of the machine's process", () => {
    const as = (kind: string) => labSections[kind]?.replaceAll("/proc/389/", "/proc/385/task/389/");
    const topology = topologyWith({ threads: as("threads"), cpus: as("cpus") });
    expect(picked(topology.machines, "vhost_threads", "vhost_cpus")[0]).toEqual({
      vhost_threads: "389",
      vhost_cpus: "0-1",
    });
  });

  test("CPUs that differ are listed by thread", () => {
    const cpus = labSections.cpus?.replace(
      "/proc/907/status:Cpus_allowed_list:\t0-1",
      "/proc/907/status:Cpus_allowed_list:\t1",
    );
    expect(picked(topologyWith({ cpus }).machines, "vhost_cpus")[2]).toEqual({ vhost_cpus: "0-1; 1" });
  });

  test("an interface that was plugged in later is known by its tap, and by libvirt's state of the domain", () => {
    const said = labSections["process.385"]?.replace(/^(netdev|device) .*$/gm, "");
    const state =
      "pid 385\nname a&amp;b\nuuid 1-2\ninterface\nmac 02:00:00:00:00:09\ndevice vnet3\nmodel virtio\nalias net7";
    const columns = ["machine", "interface", "mac", "device", "vhost_threads"];
    const alone = topologyWith({ "process.385": said });
    expect(Object.values(picked(alone.machines, ...columns)[0] ?? {})).toEqual([
      null,
      null,
      null,
      "vnet3",
      "389",
    ]);
    const known = topologyWith({ "process.385": said, "libvirt./run/libvirt/qemu/a.xml": state });
    expect(Object.values(picked(known.machines, ...columns)[0] ?? {})).toEqual([
      ...["a&b", "net7", "02:00:00:00:00:09", "vnet3", "389"],
    ]);
  });
});

describe("ends of veth pairs", () => {
  const pair = (name: string, ifindex: number, link_index: number, link_netnsid: number) => ({
    ...{ ifname: name, ifindex, link_index, link_netnsid, linkinfo: { info_kind: "veth" }, mtu: 1500 },
  });
  const peers = (topology: Topology) =>
    picked(topology.devices, "name", "netns", "peer_netns").map((row) => Object.values(row).join(" "));
  const spaces = (named: string, own: Record<string, unknown>) =>
    topologyWith(
      Object.fromEntries(
        Object.entries(own).map(([inode, devices]) => [`links.${inode}`, JSON.stringify(devices)]),
      ),
      { uid: "0", own: "1", named: "", used: named },
    );

  test("two pairs with the same indexes are not guessed", () => {
    const topology = spaces("2 20 1 a\n3 30 1 b\n4 40 1 c\n5 50 1 d", {
      ...{
        1: [],
        2: [pair("v0", 5, 6, 0)],
        3: [pair("v1", 6, 5, 0)],
        4: [pair("v0", 5, 6, 0)],
        5: [pair("v1", 6, 5, 0)],
      },
    });
    expect(peers(topology).every((row) => row.endsWith(" "))).toBe(true);
  });

  test("what one pair says of a namespace id settles another", () => {
    const topology = spaces("2 20 1 a\n3 30 1 b\n4 40 1 c\n5 50 1 d", {
      1: [],
      2: [pair("v0", 5, 6, 0), pair("w0", 7, 8, 0)],
      3: [pair("v1", 6, 5, 0), pair("w1", 8, 7, 0)],
      4: [pair("v0", 5, 6, 0)],
      5: [pair("v1", 6, 5, 0)],
    });
    expect(peers(topology)).toEqual([
      ...[
        "v0 a (pid 20) b (pid 30)",
        "w0 a (pid 20) b (pid 30)",
        "v1 b (pid 30) a (pid 20)",
        "w1 b (pid 30) a (pid 20)",
      ],
      ...["v0 c (pid 40) d (pid 50)", "v1 d (pid 50) c (pid 40)"],
    ]);
  });
});

test("a port goes the way of the bridge that it is on", () => {
  const veth = (name: string) => links().find((one: { ifname: string }) => one.ifname === name);
  const topology = topologyWith({
    [`links.${labSections.own}`]: JSON.stringify([
      ...links().filter((one: { ifname: string }) => one.ifname !== "vnet1"),
      { ...veth("vnet1"), master: "lb0" },
    ]),
    "ovs.ports": labSections["ovs.ports"]?.replace('"vnet1"', '"gone"'),
    "ovs.interfaces": labSections["ovs.interfaces"]?.replace('"vnet1"', '"gone"'),
  });
  const path = picked(topology.paths, "guest", "path").find(({ guest }) => guest === "vm1")?.path;
  expect(path).toBe("vm1 eth0 → vnet1 → lb0 → bond0.100");
});
