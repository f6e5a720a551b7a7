import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { PacketCounter } from "../../lib/captures/live/packet-counter.js";
import { corpus, expected } from "./corpus.js";

function counted(bytes: Uint8Array, step: number): number {
  const counter = new PacketCounter();
  for (let at = 0; at < bytes.length; at += step) counter.push(bytes.subarray(at, at + step));
  return counter.packets;
}

function bytesOf(file: string): Buffer {
  const bytes = readFileSync(join(corpus ?? "", file));
  return file.endsWith(".gz") && bytes[0] === 0x1f ? gunzipSync(bytes, { finishFlush: 2 }) : bytes;
}

describe.skipIf(corpus === undefined)("packets in the bytes of a capture", () => {
  const whole = expected().filter(({ rc }) => rc === 0);

  test.each(whole.map(({ file, frames }) => [file, Number(frames)]))(
    "%s: as tshark counts",
    (file, packets) => {
      const bytes = bytesOf(file as string);
      expect(counted(bytes, bytes.length)).toBe(packets);
      expect(counted(bytes, 7)).toBe(packets);
      expect(counted(bytes, 4096)).toBe(packets);
    },
  );

  test("bytes of something else are no packets", () => {
    expect(counted(Buffer.from("no capture at all, but some text that is long enough"), 5)).toBe(0);
  });
});
