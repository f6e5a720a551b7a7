import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { type Layouts, parseBtf } from "../../lib/btf/index.js";
import { describeLive } from "../fixtures/needs.js";

/** A type as bpftool prints it. */
interface Printed {
  id: number;
  kind: string;
  name: string;
  size?: number;
  type_id?: number;
  nr_elems?: number;
  encoding?: string;
  members?: { name: string; type_id: number; bits_offset: number; bitfield_size?: number }[];
  params?: { name: string }[];
}

const file = "/sys/kernel/btf/vmlinux";
const roots = ["sk_buff", "net_device", "tcp_sock", "nf_conn", "Qdisc", "softnet_data", "inet_frag_queue"];
const wrappers = ["TYPEDEF", "CONST", "VOLATILE", "RESTRICT", "TYPE_TAG"];
const kinds: Record<string, string> = {
  INT: "integer",
  PTR: "pointer",
  STRUCT: "struct",
  UNION: "union",
  ARRAY: "array",
  ENUM: "enum",
  ENUM64: "enum",
  FLOAT: "float",
};

describeLive("the running kernel's BTF, read as bpftool prints it", ["bpftool", "btf"], () => {
  let types: Printed[];
  let layouts: Layouts;
  let copies: Map<string, number>;
  beforeAll(() => {
    const text = execFileSync("bpftool", ["-j", "btf", "dump", "file", file], { maxBuffer: 2 ** 28 });
    types = (JSON.parse(text.toString()) as { types: Printed[] }).types;
    layouts = parseBtf(readFileSync(file));
    copies = new Map();
    for (const { kind, name } of types) if (isStruct(kind)) copies.set(name, (copies.get(name) ?? 0) + 1);
  });

  const isStruct = (kind: string) => kind === "STRUCT" || kind === "UNION";
  const at = (id: number): Printed | undefined => types[id - 1];
  const plain = (id: number): Printed | undefined => {
    const type = at(id);
    return type !== undefined && wrappers.includes(type.kind) ? plain(type.type_id as number) : type;
  };
  const sizeOf = (type: Printed | undefined): number => {
    if (type?.kind === "PTR") return 8;
    if (type?.kind === "ARRAY") return (type.nr_elems as number) * sizeOf(plain(type.type_id as number));
    return type?.size as number;
  };

  /** 300 structs that hang together, from those of networking on. */
  function structs(): Printed[] {
    const found = new Set<Printed>();
    const waiting = types.filter(({ kind, name }) => isStruct(kind) && roots.includes(name));
    for (const type of waiting) {
      if (found.size === 300) break;
      if (type.name !== "(anon)") found.add(type);
      for (const { type_id } of type.members ?? []) {
        let next = plain(type_id);
        while (next?.kind === "PTR" || next?.kind === "ARRAY") next = plain(next.type_id as number);
        if (next !== undefined && isStruct(next.kind) && !waiting.includes(next)) waiting.push(next);
      }
    }
    return [...found];
  }

  interface Wanted {
    path: string;
    bits: number;
    width: number;
    bitfield: boolean;
    type: Printed | undefined;
  }

  /** All that is within a struct, three members deep. */
  function* within(type: Printed, path: string, bits: number, depth: number): Generator<Wanted> {
    for (const { name, type_id, bits_offset, bitfield_size = 0 } of type.members ?? []) {
      const inner = plain(type_id);
      const here = name === "(anon)" ? path : `${path}.${name}`;
      const begin = bits + bits_offset;
      const width = bitfield_size === 0 ? 8 * sizeOf(inner) : bitfield_size;
      if (name !== "(anon)")
        yield { path: here, bits: begin, width, bitfield: bitfield_size > 0, type: inner };
      if (inner === undefined || depth === 3) continue;
      if (isStruct(inner.kind)) yield* within(inner, here, begin, name === "(anon)" ? depth : depth + 1);
      const element = inner.kind === "ARRAY" ? plain(inner.type_id as number) : undefined;
      if (element === undefined || !isStruct(element.kind) || inner.nr_elems === 0) continue;
      const last = (inner.nr_elems as number) - 1;
      yield* within(element, `${here}[${last}]`, begin + 8 * last * sizeOf(element), depth + 1);
    }
  }

  test("every field of 300 structs, with what is nested in them", () => {
    const all = structs();
    expect(all).toHaveLength(300);
    const counts = { fields: 0, bitfields: 0, unclear: 0 };
    for (const struct of all) {
      if ((copies.get(struct.name) ?? 0) > 1) {
        counts.unclear += 1;
        continue;
      }
      expect(layouts.size(struct.name), struct.name).toBe(struct.size);
      for (const wanted of within(struct, struct.name, 0, 1)) {
        const layout = layouts.field(wanted.path);
        const { offset = -1, size = -1, bitfield = null, kind, signed } = layout ?? {};
        const begin = 8 * offset + (bitfield?.shift ?? 0);
        expect([begin, begin + (bitfield?.bits ?? 8 * size), bitfield !== null], wanted.path).toEqual([
          wanted.bits,
          wanted.bits + wanted.width,
          wanted.bitfield,
        ]);
        expect(kind, wanted.path).toBe(kinds[wanted.type?.kind ?? ""]);
        expect(signed, wanted.path).toBe(wanted.type?.encoding === "SIGNED");
        counts.fields += 1;
        counts.bitfields += Number(wanted.bitfield);
      }
    }
    expect(counts.fields).toBeGreaterThan(5_000);
    expect(counts.bitfields).toBeGreaterThan(100);
    expect(counts.unclear).toBeLessThan(10);
  });

  test("arguments of functions", () => {
    const found = types.filter(({ kind, name }) => kind === "FUNC" && /^(ip|tcp|udp|dev|nf|skb)_/.test(name));
    const once = found.filter(({ name }) => found.filter((other) => other.name === name).length === 1);
    expect(once.length).toBeGreaterThan(500);
    for (const { name, type_id } of once.slice(0, 500)) {
      const parameters = at(type_id as number)?.params ?? [];
      parameters.forEach((parameter, position) => {
        const first = parameters.findIndex((other) => other.name === parameter.name);
        if (first === position && parameter.name !== "(anon)")
          expect(layouts.argument(name, parameter.name), name).toBe(position);
      });
    }
  });

  test("it is usable in well under 100 ms", () => {
    const bytes = readFileSync(file);
    const times = Array.from({ length: 5 }, () => {
      const begun = performance.now();
      parseBtf(bytes).field("sk_buff.head");
      return performance.now() - begun;
    });
    expect(Math.min(...times)).toBeLessThan(100);
  });
});
