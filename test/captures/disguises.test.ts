import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findings, flows } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import type { Value } from "../../lib/tables/index.js";
import { ethernet, ip, udp, vxlan, writeCapture } from "./build.js";
import { dnsTalk, later, pingTalk } from "./faults.js";
import { Talk, together } from "./talk.js";

type Frames = [seconds: number, frame: Buffer][];
type Change = (frame: Buffer, index: number) => Buffer;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skbook-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

const clean = (start = 0): Frames =>
  together(
    new Talk(40_000, start).open().exchange(10).exchange(3).close().frames,
    dnsTalk(start + 0.5, 1, "a.example", { after: 0.02 }),
    pingTalk([0.01, 0.012, 0.011, 0.01]).map(([seconds, bytes]) => [seconds + start, bytes]),
  );
const changed = (frames: Frames, change: Change): Frames =>
  frames.map(([seconds, bytes], index) => [seconds, change(bytes, index)]);
const tagged =
  (...tags: [type: number, id: number][]): Change =>
  (frame) => {
    const bytes = tags.flatMap(([type, id]) => [type >> 8, type & 255, id >> 8, id & 255]);
    return Buffer.concat([frame.subarray(0, 12), Buffer.from(bytes), frame.subarray(12)]);
  };
let outer = 0;
const inVxlan =
  (vni: number): Change =>
  (frame) =>
    ethernet(ip("203.0.113.1", "203.0.113.2", "udp", udp(50_000, 4789, vxlan(vni, frame)), { id: ++outer }));
const inGre =
  (key: number): Change =>
  (frame) => {
    const header = Buffer.from([0x20, 0, 8, 0, 0, 0, 0, key]);
    return ethernet(
      ip("203.0.113.1", "203.0.113.2", "gre", Buffer.concat([header, frame.subarray(14)]), { id: ++outer }),
    );
  };
const inGtp =
  (teid: number): Change =>
  (frame) => {
    const packet = frame.subarray(14);
    const header = Buffer.from([0x30, 0xff, packet.length >> 8, packet.length & 255, 0, 0, 0, teid]);
    const tunnelled = udp(2152, 2152, Buffer.concat([header, packet]));
    return ethernet(ip("203.0.113.1", "203.0.113.2", "udp", tunnelled, { id: ++outer }));
  };
const labelled =
  (label: number): Change =>
  (frame) =>
    Buffer.concat([
      frame.subarray(0, 12),
      Buffer.from([0x88, 0x47, label >> 12, (label >> 4) & 255, ((label & 15) << 4) | 1, 64]),
      frame.subarray(14),
    ]);
const inPppoe =
  (session: number): Change =>
  (frame) => {
    const bytes = frame.length - 12;
    const header = [0x88, 0x64, 0x11, 0, session >> 8, session & 255, bytes >> 8, bytes & 255, 0, 0x21];
    return Buffer.concat([frame.subarray(0, 12), Buffer.from(header), frame.subarray(14)]);
  };
const headerSum = (bytes: Buffer): void => {
  bytes.writeUInt16BE(0, 24);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  bytes.writeUInt16BE(~sum & 0xffff, 24);
};
const fromServer = (frame: Buffer) => frame.subarray(26, 30).equals(Buffer.from([198, 51, 100, 1]));
/** What passed a router, into another network. */
const routed: Change = (frame) => {
  const bytes = Buffer.from(ethernet(frame.subarray(14), { src: 7, dst: 8 }));
  bytes.writeUInt8((bytes[22] as number) - 1, 22);
  headerSum(bytes);
  return tagged([0x8100, 20])(bytes, 0);
};
const constantId: Change = (frame) => {
  const bytes = Buffer.from(frame);
  bytes.writeUInt16BE(1, 18);
  headerSum(bytes);
  return bytes;
};
/** TCP of the server as its host sees it before the device adds the rest of the checksum. */
const offloaded: Change = (frame) => {
  if (frame[23] !== 6 || !fromServer(frame)) return frame;
  const bytes = Buffer.from(frame);
  let sum = 6 + bytes.length - 34;
  for (let at = 26; at < 34; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  bytes.writeUInt16BE(sum, 50);
  return bytes;
};
const tenants = (one: Change, other: Change): Frames =>
  together(changed(clean(), one), changed(clean(0.0005), other), changed(later(20), one));

interface Disguise {
  frames: Frames;
  /** TCP connections, DNS conversations and pings that are in it, without the packet that ends it. */
  conversations: number;
  /** What is said of the capture itself. */
  says?: string[];
  snapLength?: number;
}

const disguises: { [name: string]: () => Disguise } = {
  "two VLANs": () => ({ frames: tenants(tagged([0x8100, 10]), tagged([0x8100, 20])), conversations: 6 }),
  "two providers' VLANs over one of the customers": () => ({
    frames: tenants(tagged([0x88a8, 100], [0x8100, 5]), tagged([0x88a8, 200], [0x8100, 5])),
    conversations: 6,
  }),
  "two VNIs": () => ({ frames: tenants(inVxlan(1), inVxlan(2)), conversations: 6 }),
  "two GRE keys": () => ({ frames: tenants(inGre(1), inGre(2)), conversations: 6 }),
  "two TEIDs": () => ({ frames: tenants(inGtp(1), inGtp(2)), conversations: 6 }),
  "two MPLS labels": () => ({ frames: tenants(labelled(100), labelled(200)), conversations: 6 }),
  "two PPPoE sessions": () => ({ frames: tenants(inPppoe(1), inPppoe(2)), conversations: 6 }),
  "another MPLS label by direction": () => ({
    frames: together(
      changed(clean(), (frame, index) => labelled(fromServer(frame) ? 200 : 100)(frame, index)),
      later(20),
    ),
    conversations: 3,
  }),
  "another VLAN by direction": () => ({
    frames: together(
      changed(clean(), (frame, index) => tagged([0x8100, fromServer(frame) ? 20 : 10])(frame, index)),
      later(20),
    ),
    conversations: 3,
  }),
  "mirrored twice": () => {
    const frames = clean();
    return {
      frames: together(
        frames,
        frames.map(([seconds, bytes]) => [seconds + 0.000_01, bytes]),
        later(20),
      ),
      conversations: 3,
      says: ["CAPTURE_COPIES"],
    };
  },
  "both sides of a router": () => {
    const frames = clean();
    const other: Frames = changed(frames, routed).map(([seconds, bytes]) => [seconds + 0.000_05, bytes]);
    return {
      frames: together(changed(frames, tagged([0x8100, 10])), other, later(20)),
      conversations: 3,
      says: ["CAPTURE_COPIES"],
    };
  },
  "one identification for all": () => ({
    frames: changed(together(clean(), later(20)), constantId),
    conversations: 3,
  }),
  "offloaded checksums": () => ({
    frames: changed(together(clean(), later(20)), offloaded),
    conversations: 3,
    says: ["CAPTURE_CHECKSUM_OFFLOAD"],
  }),
  "cut before the options of TCP": () => ({
    frames: together(clean(), later(20)),
    conversations: 3,
    says: ["CAPTURE_CUT_PACKETS"],
    snapLength: 54,
  }),
  "one direction": () => ({
    frames: together(clean(), later(20)).filter(([, frame]) => !fromServer(frame)),
    conversations: 3,
    says: ["CAPTURE_ONE_SIDED"],
  }),
};

describe("a clean transfer says nothing of the network, whatever it is captured like:", () => {
  for (const [name, make] of Object.entries(disguises)) {
    it(name, async () => {
      const { frames, conversations, says = [], snapLength } = make();
      const path = join(folder, `${name}.pcap`);
      writeCapture(path, frames, snapLength);
      const capture = await openCapture(path);
      const count = "SELECT count(*)::INTEGER FROM this WHERE coalesce(server_port, 0) <> 9";
      expect(((await (await flows(capture)).sql(count)).values as Value[][])[0]?.[0]).toBe(conversations);
      const found = [...(await findings(capture))];
      const certain = found.filter((one) => one.certain).map(({ id }) => id);
      expect(certain).toEqual(says);
      expect(found.every(({ certain, severity }) => certain || severity === "INFO")).toBe(true);
    });
  }
});
