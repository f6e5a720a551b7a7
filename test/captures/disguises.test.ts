import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findings, flows } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import type { Value } from "../../lib/tables/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { writeCapture } from "./build.js";
import {
  type Change,
  changed,
  clean,
  constantId,
  fromServer,
  inGre,
  inGtp,
  inPppoe,
  inVxlan,
  labelled,
  offloaded,
  routed,
  tagged,
} from "./disguise.js";
import { later } from "./faults.js";
import { type Frames, together } from "./talk.js";

const folder = ownFolder();

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
    says: ["CAPTURE_ONE_SIDED", "CAPTURE_NO_ANSWERS"],
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
