import { expect, test } from "vitest";
import { parseBtf } from "../../lib/btf/index.js";
import { Kind } from "../../lib/btf/kinds.js";
import { BtfWriter } from "./writer.js";

/** All kinds, with one another. */
function everything(): BtfWriter {
  const btf = new BtfWriter();
  const u8 = btf.int("unsigned char", 1);
  const int = btf.int("int", 4, { signed: true });
  const long = btf.int("long unsigned int", 8);
  const state = btf.enum("state", { LISTEN: 1, NONE: -1 }, true);
  const wide = btf.enum64("wide", { ALL: 0xffffffffffffffffn });
  const double = btf.float("double", 8);
  const opaque = btf.pointer(btf.forward("opaque"));
  const tagged = btf.over(Kind.typeTag, int, "user");
  const qualified = btf.over(Kind.const, btf.over(Kind.volatile, btf.over(Kind.typedef, u8, "u8")));
  const inner = btf.struct("", 8, [
    { name: "low", type: int, bits: 0 },
    { name: "high", type: int, bits: 32 },
  ]);
  const either = btf.union("", 8, [
    { name: "both", type: long, bits: 0 },
    { name: "", type: inner, bits: 0 },
  ]);
  const atomic = btf.over(
    Kind.typedef,
    btf.struct("", 4, [{ name: "counter", type: int, bits: 0 }]),
    "atomic_t",
  );
  const pair = btf.struct("pair", 8, [
    { name: "first", type: u8, bits: 0 },
    { name: "second", type: atomic, bits: 32 },
  ]);
  const restricted = btf.over(Kind.restrict, opaque);
  const outer = btf.struct("outer", 128, [
    { name: "flags", type: qualified, bits: 0 },
    { name: "", type: either, bits: 64 },
    { name: "state", type: state, bits: 128 },
    { name: "wide", type: wide, bits: 192 },
    { name: "ratio", type: double, bits: 256 },
    { name: "opaque", type: restricted, bits: 320 },
    { name: "user", type: tagged, bits: 384 },
    { name: "pairs", type: btf.array(btf.array(pair, 2), 3), bits: 416 },
    { name: "rest", type: btf.array(pair, 0), bits: 1024 },
  ]);
  btf.struct("bits", 8, [
    { name: "a", type: int, bits: 0, width: 3 },
    { name: "b", type: int, bits: 3, width: 13 },
    { name: "c", type: long, bits: 30, width: 5 },
    { name: "plain", type: u8, bits: 56 },
  ]);
  btf.struct("older", 4, [{ name: "four", type: btf.int("", 4, { bits: 4, into: 2 }), bits: 8 }]);
  const receive = btf.prototype(int, [
    ["skb", btf.pointer(outer)],
    ["dev", opaque],
    ["", 0],
  ]);
  btf.over(Kind.function, receive, "receive");
  btf.section(".data", [[btf.variable("jiffies", long), 0, 8]]);
  btf.declarationTag("kfunc", outer, 1);
  return btf;
}

const layouts = parseBtf(everything().bytes());
const plain = (offset: number, size: number, kind: string, signed = false) => ({
  offset,
  size,
  signed,
  kind,
  bitfield: null,
});

test.each([
  ["outer.flags", plain(0, 1, "integer")],
  ["outer.both", plain(8, 8, "integer")],
  ["outer.high", plain(12, 4, "integer", true)],
  ["outer.state", plain(16, 4, "enum", true)],
  ["outer.wide", plain(24, 8, "enum")],
  ["outer.ratio", plain(32, 8, "float")],
  ["outer.opaque", plain(40, 8, "pointer")],
  ["outer.user", plain(48, 4, "integer", true)],
  ["outer.pairs", plain(52, 48, "array")],
  ["outer.pairs[1]", plain(68, 16, "array")],
  ["outer.pairs[2][1]", plain(92, 8, "struct")],
  ["outer.pairs[2][1].second.counter", plain(96, 4, "integer", true)],
  ["outer.rest", plain(128, 0, "array")],
  ["outer.rest[3].first", plain(152, 1, "integer")],
  ["atomic_t.counter", plain(0, 4, "integer", true)],
  ["bits.plain", plain(7, 1, "integer")],
  ["vmlinux:pair.second", plain(4, 4, "struct")],
])("%s", (path, layout) => {
  expect(layouts.field(path)).toEqual(layout);
});

test.each([
  ["bits.a", { offset: 0, size: 1, bitfield: { shift: 0, bits: 3 } }],
  ["bits.b", { offset: 0, size: 2, bitfield: { shift: 3, bits: 13 } }],
  ["bits.c", { offset: 0, size: 8, bitfield: { shift: 30, bits: 5 } }],
  ["older.four", { offset: 1, size: 1, bitfield: { shift: 2, bits: 4 } }],
])("%s, a bit field", (path, layout) => {
  expect(layouts.field(path)).toMatchObject(layout);
});

test.each([
  "outer.none",
  "none.flags",
  "outer.opaque.x",
  "outer.pairs[3]",
  "outer.flags[0]",
  "state.LISTEN",
  "tun:outer.flags",
])("%s is not there", (path) => {
  expect(layouts.field(path)).toBeNull();
});

test.each([
  "",
  "outer",
  "outer.",
  ".flags",
  "outer..flags",
  "outer[0].flags",
  "outer.flags; 1",
  "outer->flags",
])("%j is no path", (path) => {
  expect(() => layouts.field(path)).toThrow(expect.objectContaining({ code: "BAD_PARAMETER" }));
});

test("sizes, presence and arguments", () => {
  expect(layouts.size("outer")).toBe(128);
  expect(layouts.size("atomic_t")).toBe(4);
  expect(layouts.size("opaque")).toBeNull();
  expect(layouts.has("pair")).toBe(true);
  expect(layouts.has("int")).toBe(false);
  expect(layouts.argument("receive", "dev")).toBe(1);
  expect(layouts.argument("receive", "net")).toBeNull();
  expect(layouts.argument("send", "dev")).toBeNull();
});

test("pointers have the size of the kernel's long", () => {
  const btf = new BtfWriter();
  btf.int("long unsigned int", 4);
  btf.struct("s", 4, [{ name: "p", type: btf.pointer(0), bits: 0 }]);
  expect(parseBtf(btf.bytes()).field("s.p")?.size).toBe(4);
});

test("a longer header, as later versions may have, is passed over", () => {
  expect(parseBtf(everything().bytes(40)).size("outer")).toBe(128);
});

test("a bit field of a packed struct that crosses eight bytes is read from another byte", () => {
  const btf = new BtfWriter();
  const long = btf.int("unsigned long", 8);
  btf.struct("packed", 11, [
    { name: "crosses", type: long, bits: 61, width: 6 },
    { name: "last", type: long, bits: 66, width: 22 },
    { name: "huge", type: long, bits: 1, width: 64 },
  ]);
  const packed = parseBtf(btf.bytes());
  expect(packed.field("packed.crosses")).toMatchObject({
    offset: 7,
    size: 2,
    bitfield: { shift: 5, bits: 6 },
  });
  expect(packed.field("packed.last")).toMatchObject({
    offset: 7,
    size: 4,
    bitfield: { shift: 10, bits: 22 },
  });
  expect(packed.field("packed.huge")).toBeNull();
});

test("structs of one name are told apart by their file, and answered together where they agree", () => {
  const btf = new BtfWriter();
  const int = btf.int("int", 4);
  const console_ = (size: number, at: number) => [
    { name: "same", type: int, bits: 0 },
    { name: "index", type: int, bits: 8 * at },
    ...(size > 16 ? [{ name: "more", type: int, bits: 128 }] : []),
  ];
  btf.struct("console", 16, console_(16, 4));
  const module = new BtfWriter(btf);
  module.struct("console", 32, console_(32, 8));
  const both = parseBtf(btf.bytes(), { drm: module.bytes() });
  expect(both.field("console.same")?.offset).toBe(0);
  expect(both.field("console.index")).toBeNull();
  expect(both.field("console.more")).toBeNull();
  expect(both.field("drm:console.index")?.offset).toBe(8);
  expect(both.field("vmlinux:console.index")?.offset).toBe(4);
  expect([both.size("console"), both.size("drm:console"), both.has("console")]).toEqual([null, 32, true]);
});

test("a module's types continue the kernel's, or stand alone", () => {
  const btf = new BtfWriter();
  const int = btf.int("int", 4);
  const list = btf.struct("list_head", 16, [{ name: "next", type: btf.pointer(0), bits: 0 }]);
  const fill = (module: BtfWriter, [number, head]: [number, number]) => {
    module.struct("vport", 24, [
      { name: "list_head", type: head, bits: 0 },
      { name: "upcall", type: number, bits: 128 },
    ]);
    module.over(
      Kind.function,
      module.prototype(0, [
        ["vport", module.pointer(0)],
        ["list_head", head],
      ]),
      "ovs_receive",
    );
    return module.bytes();
  };
  const alone = new BtfWriter();
  const own: [number, number] = [
    alone.int("int", 4),
    alone.struct("list_head", 16, [{ name: "next", type: alone.pointer(0), bits: 0 }]),
  ];
  for (const bytes of [fill(new BtfWriter(btf), [int, list]), fill(alone, own)]) {
    const layouts = parseBtf(btf.bytes(), { openvswitch: bytes });
    expect(layouts.field("vport.list_head.next")?.offset).toBe(0);
    expect(layouts.field("vport.upcall")?.offset).toBe(16);
    expect(layouts.field("openvswitch:vport.upcall")?.offset).toBe(16);
    expect(layouts.argument("ovs_receive", "list_head")).toBe(1);
    expect(layouts.size("list_head")).toBe(16);
  }
});
