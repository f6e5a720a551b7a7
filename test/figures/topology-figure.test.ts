import { describe, expect, it } from "vitest";
import { topologyFigure } from "../../lib/figures/index.js";
import { type Column, createFrame, type Frame, type Value } from "../../lib/tables/index.js";
import { topologyWith } from "../hosts/topology/recorded.js";
import { provenance } from "./tables.js";

type Spec = Awaited<ReturnType<typeof topologyFigure>>;

/** The boxes by kind: their texts. */
const boxes = ({ data }: Spec) =>
  Object.fromEntries(data.filter(({ name }) => name !== undefined).map(({ name, text }) => [name, text]));

/** A frame with these rows in columns that are named by the first of them; numbers are integers. */
function frame(rows: Record<string, Value>[]): Frame {
  const columns = Object.keys(rows[0] ?? {}).map((name): Column => {
    const type = rows.some((row) => typeof row[name] === "number") ? "INTEGER" : "VARCHAR";
    return { name, type, meaning: name };
  });
  return createFrame(
    columns,
    rows.map((row) => Object.values(row)),
    provenance({ source: "topology" }),
  );
}

const none = {
  queues: null,
  vhost_threads: null,
  vhost_cpus: null,
  vlan: null,
  members: null,
  tunnels: null,
};

/** Machines on bridges of their own behind one switch, as some clouds have it. */
function cloud(count: number) {
  const paths = Array.from({ length: count }, (_, index) => ({
    ...none,
    guest: `vm${Math.floor(index / 2)}`,
    guest_kind: "machine",
    guest_device: "virtio-net-pci",
    device: `tap${index}`,
    netns: "host",
    queues: 2,
    vhost_threads: `${1000 + index}, ${2000 + index}`,
    vhost_cpus: "0-3",
    bridges: `qbr${index}, br-int, br-ex`,
    bridge_kind: "bridge",
    uplink: "bond0",
    members: "eth0 (active), eth1 (backup)",
    tunnels: Array.from({ length: 9 }, (_, host) => `vxlan-${host} to 192.0.2.${host}`).join(", "),
    host_addresses: null,
    path: `vm → tap${index}`,
  }));
  const devices = [
    ...Array.from({ length: 9 }, (_, host) => ({ name: `vxlan-${host}`, master: "br-tun", role: "tunnel" })),
    ...["br-int", "br-ex"].map((name) => ({ name, master: null, role: "bridge" })),
    { name: "tap3", master: "qbr3", role: null },
  ].map(({ name, master, role }) => ({
    ...{ name, netns: "host", kind: role === "bridge" ? "ovs bridge" : "tun", role, master },
    ...{ addresses: name === "br-ex" ? "198.51.100.1/24" : null, state: name === "tap3" ? "down" : "up" },
  }));
  return { paths: frame(paths), devices: frame(devices) };
}

describe("topologyFigure", () => {
  it("draws machines, taps, bridges and what they lead to", async () => {
    const figure = await topologyFigure(topologyWith());
    expect(boxes(figure)).toMatchInlineSnapshot(`
      {
        "bridge": [
          "br0<br>Open vSwitch",
          "br-ex<br>Open vSwitch",
          "lb0",
        ],
        "machine": [
          "pid 385",
          "pid 466",
          "web,1",
          "web,1",
          "web,1",
        ],
        "namespace": [
          "vm1",
          "vm2",
          "client",
          "far",
        ],
        "tap or veth": [
          "vnet3<br>vhost 389 on CPU 0-1",
          "vnet4<br>vhost 470 on CPU 0-1",
          "sq0<br>vhost 905 on CPU 0-1, VLAN 7",
          "vnet1<br>to eth0",
          "vnet2<br>to eth0",
          "mq0<br>vhost 906, 907 on CPU 0-1, 2 queues",
          "mv0<br>vhost 908 on CPU 0-1",
          "uplink0<br>to eth0",
          "under0<br>to eth0",
        ],
        "the host itself": [
          "the host itself<br>198.51.100.1/24 and 1 more",
          "the host itself<br>198.51.100.129/25",
          "the host routes",
        ],
        "tunnel": [
          "vxlan0<br>to 203.0.113.130 key 42",
        ],
        "uplink": [
          "obond<br>nb0, nb1",
          "bond0.100<br>mb0 (active), mb1 (backup)",
          "eth0",
        ],
      }
    `);
    expect(await figure.svg()).toContain("vhost 906, 907 on CPU 0-1, 2 queues");
  });

  it("keeps boxes of one column apart, and every link within its boxes", async () => {
    for (const topology of [topologyWith(), cloud(30)]) {
      const { layout, data } = await topologyFigure(topology);
      const shapes = layout.shapes as { x0: number; x1: number; y0: number; y1: number }[];
      for (const [index, one] of shapes.entries()) {
        for (const other of shapes.slice(index + 1)) {
          const apart = one.x1 <= other.x0 || other.x1 <= one.x0 || one.y1 <= other.y0 || other.y1 <= one.y0;
          expect(apart, JSON.stringify([one, other])).toBe(true);
        }
      }
      const [links] = data as { x: number[]; y: number[] }[];
      for (let at = 0; at < (links?.x.length ?? 0); at += 3) {
        const [x = 0, y = 0] = [links?.x[at], links?.y[at]];
        expect(shapes.some((box) => box.x1 === x && box.y0 < y && y < box.y1)).toBe(true);
        const [x1 = 0, y1 = 0] = [links?.x[at + 1], links?.y[at + 1]];
        expect(shapes.some((box) => box.x0 === x1 && box.y0 < y1 && y1 < box.y1)).toBe(true);
      }
    }
  });

  it("says what it doesn't show, and that a device is down", async () => {
    const figure = await topologyFigure(cloud(60));
    expect(figure.toString()).toContain("20 of 60 interfaces not shown");
    expect(boxes(figure)["device that is down"]).toEqual([
      "tap3<br>vhost 1003, 2003 on CPU 0-3, 2 queues, down",
    ]);
    expect(boxes(figure).tunnel).toEqual(["9 tunnels on br-tun<br>vxlan-0 to 192.0.2.0, …"]);
  });

  it("is drawn where there is nothing to show", async () => {
    const topology = topologyWith({ pids: undefined, named: undefined, used: undefined });
    const figure = await topologyFigure(topology);
    expect(figure.toString()).toContain("no interfaces of machines or namespaces");
    expect(await figure.svg()).toContain("<svg");
  });

  it("refuses a number of interfaces out of range", async () => {
    await expect(topologyFigure(topologyWith(), { interfaces: 0 })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });
});
