import { ethernet, ip, udp, vxlan } from "./build.js";
import { dnsTalk, pingTalk } from "./faults.js";
import { type Frames, Talk, together } from "./talk.js";

/** What becomes of a frame on its way into the file. */
export type Change = (frame: Buffer, index: number) => Buffer;

/** Two requests of TCP, a DNS question and four pings, all as they should be. */
export const clean = (start = 0): Frames =>
  together(
    new Talk(40_000, start).open().exchange(10).exchange(3).close().frames,
    dnsTalk(start + 0.5, 1, "a.example", { after: 0.02 }),
    pingTalk([0.01, 0.012, 0.011, 0.01]).map(([seconds, bytes]) => [seconds + start, bytes]),
  );
export const changed = (frames: Frames, change: Change): Frames =>
  frames.map(([seconds, bytes], index) => [seconds, change(bytes, index)]);
export const tagged =
  (...tags: [type: number, id: number][]): Change =>
  (frame) => {
    const bytes = tags.flatMap(([type, id]) => [type >> 8, type & 255, id >> 8, id & 255]);
    return Buffer.concat([frame.subarray(0, 12), Buffer.from(bytes), frame.subarray(12)]);
  };
let outer = 0;
export const inVxlan =
  (vni: number): Change =>
  (frame) =>
    ethernet(ip("203.0.113.1", "203.0.113.2", "udp", udp(50_000, 4789, vxlan(vni, frame)), { id: ++outer }));
export const inGre =
  (key: number): Change =>
  (frame) => {
    const header = Buffer.from([0x20, 0, 8, 0, 0, 0, 0, key]);
    return ethernet(
      ip("203.0.113.1", "203.0.113.2", "gre", Buffer.concat([header, frame.subarray(14)]), { id: ++outer }),
    );
  };
export const inGtp =
  (teid: number): Change =>
  (frame) => {
    const packet = frame.subarray(14);
    const header = Buffer.from([0x30, 0xff, packet.length >> 8, packet.length & 255, 0, 0, 0, teid]);
    const tunnelled = udp(2152, 2152, Buffer.concat([header, packet]));
    return ethernet(ip("203.0.113.1", "203.0.113.2", "udp", tunnelled, { id: ++outer }));
  };
export const labelled =
  (label: number): Change =>
  (frame) =>
    Buffer.concat([
      frame.subarray(0, 12),
      Buffer.from([0x88, 0x47, label >> 12, (label >> 4) & 255, ((label & 15) << 4) | 1, 64]),
      frame.subarray(14),
    ]);
export const inPppoe =
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
export const fromServer = (frame: Buffer) => frame.subarray(26, 30).equals(Buffer.from([198, 51, 100, 1]));
/** What passed a router, into another network. */
export const routed: Change = (frame) => {
  const bytes = Buffer.from(ethernet(frame.subarray(14), { src: 7, dst: 8 }));
  bytes.writeUInt8((bytes[22] as number) - 1, 22);
  headerSum(bytes);
  return tagged([0x8100, 20])(bytes, 0);
};
export const constantId: Change = (frame) => {
  const bytes = Buffer.from(frame);
  bytes.writeUInt16BE(1, 18);
  headerSum(bytes);
  return bytes;
};
/** TCP of the server as its host sees it before the device adds the rest of the checksum. */
export const offloaded: Change = (frame) => {
  if (frame[23] !== 6 || !fromServer(frame)) return frame;
  const bytes = Buffer.from(frame);
  let sum = 6 + bytes.length - 34;
  for (let at = 26; at < 34; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  bytes.writeUInt16BE(sum, 50);
  return bytes;
};
