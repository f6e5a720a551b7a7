import { describe, expect, test } from "vitest";
import { parseBtf } from "../../lib/btf/index.js";
import { Kind } from "../../lib/btf/kinds.js";
import { SkbookError } from "../../lib/index.js";
import { randomNumbers } from "../fixtures/random.js";
import { generate } from "./generated.js";
import { BtfWriter, btfOf, kernelBtf } from "./writer.js";

const code = (code: string) => expect.objectContaining({ code });

describe("what is no BTF, or not whole, is refused", () => {
  const whole = kernelBtf().bytes();
  const changed = (at: number, ...bytes: number[]) => {
    const copy = Buffer.from(whole);
    copy.set(bytes, at);
    return copy;
  };
  test.each([
    ["nothing", Buffer.alloc(0)],
    ["text", Buffer.from("Not found. ".repeat(10))],
    ["another version", changed(2, 2)],
    ["a header that is too short", changed(4, 8)],
    ["sections beyond the end", changed(12, 0xff, 0xff, 0xff, 0xff)],
    ["a kind that is not known", changed(24 + 7, 0x1f)],
    ["a last string without an end", changed(whole.length - 1, 0x41)],
    ["half of it", whole.subarray(0, whole.length / 2)],
    ["types that end within one", changed(12, whole.readUInt8(12) - 4)],
  ])("%s", (_, bytes) => {
    expect(() => parseBtf(bytes)).toThrow(code("BTF_UNREADABLE"));
  });

  test("a big-endian machine's", () => {
    expect(() => parseBtf(changed(0, 0xeb, 0x9f))).toThrow(code("BIG_ENDIAN"));
  });

  test("a module's in the place of vmlinux's", () => {
    const module = new BtfWriter(kernelBtf());
    module.struct("tun_file", 8, []);
    expect(() => parseBtf(module.bytes())).toThrow(code("BTF_UNREADABLE"));
  });

  test("a module's beside another kernel", () => {
    const other = new BtfWriter();
    other.struct("list", 8, []);
    other.struct("head", 8, []);
    const module = new BtfWriter(other);
    module.struct("head", 16, []);
    expect(() => parseBtf(whole, { tun: module.bytes() })).toThrow(code("BTF_MISMATCH"));
  });
});

describe("types that are made of themselves", () => {
  const endless = (make: (btf: BtfWriter, own: number) => void): (() => unknown) => {
    const btf = new BtfWriter();
    const own = btf.int("int", 4) + 1;
    make(btf, own);
    const layouts = parseBtf(btf.bytes());
    return () => layouts.field("s.x.y");
  };

  test("a typedef", () => {
    const look = endless((btf, own) => {
      btf.over(Kind.typedef, own, "itself");
      btf.struct("s", 8, [{ name: "x", type: own, bits: 0 }]);
    });
    expect(look).toThrow(code("BTF_UNREADABLE"));
  });

  test("an array", () => {
    const look = endless((btf, own) => {
      btf.array(own, 2);
      btf.struct("s", 8, [{ name: "x", type: own, bits: 0 }]);
    });
    expect(look()).toBeNull();
    const size = endless((btf, own) => {
      btf.array(own, 2);
      btf.struct("s", 8, [
        { name: "x", type: btf.struct("", 8, [{ name: "y", type: own, bits: 0 }]), bits: 0 },
      ]);
    });
    expect(size).toThrow(code("BTF_UNREADABLE"));
  });

  test("an anonymous member, many times", () => {
    const look = endless((btf, own) => {
      const itself = Array.from({ length: 1000 }, () => ({ name: "", type: own, bits: 0 }));
      btf.struct("", 8, itself);
      btf.struct("s", 8, [...itself, { name: "x", type: own, bits: 0 }]);
    });
    expect(look()).toBeNull();
  });

  test("an array that would fill the memory", () => {
    const look = endless((btf, own) => {
      const array = btf.array(btf.array(btf.array(own - 1, 2 ** 31), 2 ** 31), 2 ** 31);
      btf.struct("s", 8, [
        { name: "x", type: btf.struct("", 8, [{ name: "y", type: array, bits: 0 }]), bits: 0 },
      ]);
    });
    expect(look).toThrow(code("BTF_UNREADABLE"));
  });
});

test("a million structs with fifteen million names are not gone through", () => {
  const strings = Buffer.alloc(30_000_000);
  for (let at = 1; at < strings.length; at += 2) strings[at] = 0x61;
  strings[strings.length - 1] = 0;
  const types = Buffer.alloc(12_000_000);
  for (let at = 0; at < types.length; at += 12) {
    types.writeUInt32LE(1, at);
    types.writeUInt32LE(Kind.struct << 24, at + 4);
  }
  const layouts = parseBtf(btfOf(types, strings));
  expect(() => layouts.size("a")).toThrow(code("BTF_UNREADABLE"));
  expect(layouts.size("b")).toBeNull();
});

test("of 2,000 damaged files, each is answered or refused with a code, in bounded time", () => {
  const random = randomNumbers(7);
  const below = (limit: number) => Math.floor(random() * limit);
  const made = Array.from({ length: 20 }, (_, seed) => generate(seed));
  const ends = { answered: 0, refused: 0 };
  const begun = performance.now();
  for (let round = 0; round < 2000; round += 1) {
    const { btf, expected } = made[round % made.length] as ReturnType<typeof generate>;
    let bytes = btf.bytes();
    for (let change = below(4); change >= 0; change -= 1) {
      const at = below(bytes.length);
      const action = below(4);
      if (action === 0) bytes.writeUInt8(below(256), at);
      else if (action === 1 && at + 4 <= bytes.length) bytes.writeUInt32LE(below(2 ** 32), at);
      else if (action === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + below(16))]);
      else if (below(4) === 0) bytes = bytes.subarray(0, at);
      if (bytes.length === 0) break;
    }
    try {
      const layouts = parseBtf(
        round % 2 === 0 ? bytes : btf.bytes(),
        round % 2 === 0 ? {} : { other: bytes },
      );
      for (let look = 0; look < 50; look += 1)
        layouts.field(expected[below(expected.length)]?.path as string);
      layouts.argument("receive", "skb");
      ends.answered += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(SkbookError);
      expect(["BTF_UNREADABLE", "BTF_MISMATCH", "BIG_ENDIAN"]).toContain((error as SkbookError).code);
      ends.refused += 1;
    }
  }
  expect(Math.min(ends.answered, ends.refused)).toBeGreaterThan(200);
  expect(performance.now() - begun).toBeLessThan(30_000);
});
