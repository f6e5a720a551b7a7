import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CaptureRule } from "../../lib/analyses/findings/index.js";
import { findings, flows } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { someOf } from "../fixtures/sweep.js";
import { rowsOf } from "./ask.js";
import { writeCapture } from "./build.js";
import {
  changed,
  clean,
  constantId,
  fromServer,
  inGre,
  inVxlan,
  labelled,
  offloaded,
  routed,
  tagged,
} from "./disguise.js";
import { later } from "./faults.js";
import { type Frames, together } from "./talk.js";

type Disguise = (frames: Frames) => Frames;

const folder = ownFolder();

const again =
  (seconds: number): Disguise =>
  (frames) =>
    together(
      frames,
      frames.map(([at, frame]) => [at + seconds, frame]),
    );
/** Before anything is put around them: who sent a frame is told by its address there. */
const byDirection =
  (one: Disguise, other: Disguise): Disguise =>
  (frames) =>
    together(
      one(frames.filter(([, frame]) => !fromServer(frame))),
      other(frames.filter(([, frame]) => fromServer(frame))),
    );
const each =
  (...[change]: [Parameters<typeof changed>[1]]): Disguise =>
  (frames) =>
    changed(frames, change);

const disguises: { [name: string]: Disguise } = {
  "one identification": each(constantId),
  "offloaded checksums": each(offloaded),
  "a VLAN by direction": byDirection(each(tagged([0x8100, 10])), each(tagged([0x8100, 20]))),
  "a VNI": each(inVxlan(7)),
  "a GRE key": each(inGre(7)),
  "a label by direction": byDirection(each(labelled(100)), each(labelled(200))),
  "mirrored twice": again(0.000_01),
  "both sides of a router": (frames) =>
    together(
      frames,
      changed(frames, routed).map(([seconds, frame]) => [seconds + 0.000_05, frame]),
    ),
  // As files are that several cores write.
  "out of order": (frames) => {
    const turned = [...frames];
    for (let at = 0; at + 1 < turned.length; at += 5)
      turned.splice(at, 2, turned[at + 1] as Frames[number], turned[at] as Frames[number]);
    return turned;
  },
  "a clock that is set back": (frames) =>
    frames.map(([seconds, frame], at) => [at < frames.length / 2 ? seconds + 5 : seconds, frame]),
  // Or a capture that had a pause.
  "a clock that is set forward": (frames) =>
    frames.map(([seconds, frame], at) => [at < frames.length / 2 ? seconds : seconds + 3600, frame]),
  "no times": (frames) => frames.map(([, frame]) => [0, frame]),
  "one packet of another time": (frames) =>
    frames.map(([seconds, frame], at) => [at === 7 ? seconds - 1_600_000_000 : seconds, frame]),
  "milliseconds only": (frames) =>
    frames.map(([seconds, frame]) => [Math.round(seconds * 1000) / 1000, frame]),
  "one direction's clock behind": byDirection(
    (frames) => frames,
    (frames) => frames.map(([seconds, frame]) => [seconds + 0.03, frame]),
  ),
};
/** What each does to the worth of the capture. */
const told: { [name: string]: readonly CaptureRule[] } = {
  "offloaded checksums": ["CAPTURE_CHECKSUM_OFFLOAD"],
  "mirrored twice": ["CAPTURE_COPIES"],
  "both sides of a router": ["CAPTURE_COPIES"],
  "out of order": ["CAPTURE_DISORDER"],
  "a clock that is set back": ["CAPTURE_DISORDER", "CAPTURE_CLOCK"],
  "one direction's clock behind": ["CAPTURE_CLOCK"],
  "no times": ["CAPTURE_CLOCK"],
  "one packet of another time": ["CAPTURE_CLOCK"],
};
/** What two of them do together: of packets of one identification nothing may prove that they are copies. */
const toldTogether: { [pair: string]: readonly CaptureRule[] } = {
  "one identification and mirrored twice": ["CAPTURE_POSSIBLE_COPIES"],
};
/** What happens first comes first. */
const pairs = [
  ["one identification", "a VLAN by direction"],
  ["one identification", "a VNI"],
  ["one identification", "a GRE key"],
  ["one identification", "mirrored twice"],
  ["one identification", "both sides of a router"],
  ["one identification", "out of order"],
  ["one identification", "a clock that is set back"],
  ["one identification", "milliseconds only"],
  ["one identification", "one direction's clock behind"],
  ["offloaded checksums", "a VNI"],
  ["offloaded checksums", "a label by direction"],
  ["offloaded checksums", "mirrored twice"],
  ["offloaded checksums", "both sides of a router"],
  ["a VLAN by direction", "mirrored twice"],
  ["a VNI", "mirrored twice"],
  ["a label by direction", "out of order"],
  ["a VNI", "a clock that is set back"],
  ["mirrored twice", "out of order"],
  ["mirrored twice", "milliseconds only"],
  ["mirrored twice", "a clock that is set back"],
  ["offloaded checksums", "a clock that is set forward"],
  ["a VLAN by direction", "a clock that is set forward"],
  ["one identification", "no times"],
  ["a VNI", "no times"],
  ["offloaded checksums", "one packet of another time"],
  ["a GRE key", "one packet of another time"],
] as const;

describe("of a clean transfer nothing is certain but what its capture is worth, with", () => {
  for (const [one, other] of someOf("pairs of disguises", pairs, 3)) {
    it(`${one} and ${other}`, async () => {
      const path = join(folder, `${one}, ${other}.pcap`);
      const frames = (disguises[other] as Disguise)((disguises[one] as Disguise)(clean()));
      const end = other === "a clock that is set forward" ? 3_700 : 30;
      writeCapture(path, [...frames, ...later(other === "no times" ? 0 : end)]);
      const capture = await openCapture(path);
      expect(await rowsOf(flows(capture), "SELECT count(*)::INTEGER FROM this")).toEqual([[4]]);
      const certain = [...(await findings(capture))].filter((each) => each.certain).map(({ id }) => id);
      const expected = [
        ...(told[one] ?? []),
        ...(told[other] ?? []),
        ...(toldTogether[`${one} and ${other}`] ?? []),
      ];
      expect(certain.sort()).toEqual([...new Set(expected)].sort());
    });
  }
});
