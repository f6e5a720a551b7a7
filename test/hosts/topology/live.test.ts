import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readUntil } from "../../../lib/hosts/read-sections.js";
import { topologyScript } from "../../../lib/hosts/topology/collect.js";
import { live, localhost, record, replay, type Topology, topology } from "../../../lib/index.js";
import { describeLive } from "../../fixtures/needs.js";
import { picked } from "./recorded.js";
import { type BridgeScene, buildBridges, secret } from "./scene.js";

describeLive("topology of bridges in namespaces", ["root", "namespaces"], () => {
  let scene: BridgeScene;
  let folder: string;
  let found: Topology;

  beforeAll(async () => {
    scene = await buildBridges();
    folder = mkdtempSync(join(tmpdir(), "skbook-topology-case-"));
    await record(join(folder, "case"));
    found = await topology(localhost());
    live();
  });
  afterAll(async () => {
    await scene?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const ours = (rows: Record<string, unknown>[]) => rows.filter(({ netns }) => netns === scene.host);

  test("finds the machine by what its process has open", () => {
    const columns = [
      "machine",
      "uuid",
      "pid",
      "netns",
      "interface",
      "model",
      "mac",
      "device",
      "queues",
      "tap_fds",
    ];
    expect(ours(picked(found.machines, ...columns))).toEqual([
      {
        ...{ machine: "web", uuid: "6a1d-4c", pid: scene.pid, netns: scene.host, interface: "net0" },
        ...{ model: "virtio-net-pci", mac: "02:00:00:00:00:01", device: "skp-tap" },
        ...{ queues: 2, tap_fds: scene.queues.join(", ") },
      },
      {
        ...{ machine: "web", uuid: "6a1d-4c", pid: scene.pid, netns: scene.host, interface: "net1" },
        ...{ model: "e1000", mac: null, device: null, queues: null, tap_fds: null },
      },
    ]);
  });

  test("follows the tap over both bridges, and the veth pair out of the namespace", () => {
    const [tap, veth] = ours(picked(found.paths, "netns", "path"));
    const bridge = (name: string) => `${name} in ${scene.host}`;
    expect(tap?.path).toBe(`web virtio-net-pci → skp-tap → ${bridge("skp-br0")}`);
    expect(veth?.path).toBe(`${scene.app} eth0 → skp-v0 → ${bridge("skp-br1")} → the host routes`);
    const ends = ours(picked(found.devices, "netns", "name", "master", "peer", "peer_netns"));
    const end = (name: string) => ends.find((one) => one.name === name);
    expect(end("skp-p0")).toMatchObject({ master: "skp-br0", peer: "skp-p1", peer_netns: scene.host });
    expect(end("skp-v0")).toMatchObject({ master: "skp-br1", peer: "eth0", peer_netns: scene.app });
  });

  test("nothing of a command line but names and interfaces is recorded", async () => {
    await replay(join(folder, "case"));
    try {
      const { sections } = await readUntil(1, localhost(), "topology", topologyScript);
      const recorded = JSON.stringify(sections);
      expect(recorded).toContain("name web");
      expect(recorded).not.toContain(secret);
    } finally {
      live();
    }
  });

  test("is the same in a replay, without the machine", async () => {
    await replay(join(folder, "case"));
    try {
      const again = await topology(localhost());
      for (const name of ["devices", "machines", "paths"] as const) {
        expect(again[name].values).toEqual(found[name].values);
        expect(again[name].provenance).toEqual(found[name].provenance);
      }
      expect(again.paths.provenance.recordingId).not.toBeNull();
    } finally {
      live();
    }
  });
});
