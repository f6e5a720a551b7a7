import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { SkbookError } from "../../lib/errors/index.js";
import { parseParameters } from "../../lib/probes/engine/parameters.js";
import { render } from "../../lib/probes/engine/render.js";
import type { ProbeDefinition } from "../../lib/probes/index.js";
import * as probes from "../../lib/probes/index.js";
import { HookSite, Site } from "../../lib/probes/site.js";
import { attachPoint, comment, format, isBpf, name, textOf, toBpf, word } from "../../lib/probes/text/bpf.js";
import { catalogue } from "../../probes/catalogue.js";
import { hostileObjects, hostileTexts, mark } from "./hostile.js";
import { neededBy } from "./needed.js";
import { layoutsOf, targetOf, tracepointOf } from "./target.js";

const { bpf, joined } = probes;

const hook = "tracepoint:skb:kfree_skb";
const hooks = { required: [hook, "kprobe:ip_rcv", "kretprobe:ip_rcv"] };
const site = new Site(targetOf(hooks));
const at = new HookSite(site, hook, false);
const piece = bpf`$x`;
const words = { high: piece, low: piece, first: piece, second: piece };
const column = { name: "n", type: "BIGINT" as const, meaning: "a number" };
const one = probes.field({ ...column, say: () => piece });
const facts = { name: "own", measures: "something", hooks };

/** How functions are called as they are meant to be; every text and piece in it is then replaced by something hostile, one after the other. */
const examples: Record<string, unknown[][]> = {
  bpf: [[Object.freeze(["", ""]), piece]],
  joined: [[[piece, piece], ", "]],
  field: [[{ ...column, words: ["number"], say: () => piece }]],
  fields: [[{ columns: [column], words: ["number"], say: () => [piece], read: () => [1] }]],
  filter: [[{ schema: probes.port, meaning: "a port", test: () => piece }]],
  defineRows: [[{ ...facts, filters: probes.packetFilters, fields: [one], program: rowsProgram }]],
  defineCounts: [
    [{ ...facts, filters: probes.packetFilters, fields: [one], total: column, program: countsProgram }],
  ],
  defineHistogram: [
    [{ ...facts, fields: [one], intervals: { whole: "all of it" }, program: histogramProgram }],
  ],
  makeProbe: [
    [
      probes.defineCounts({ ...facts, fields: [one], total: column, program: countsProgram as never })
        .definition,
    ],
  ],
  isWithin: [["ip_rcv"]],
  callHooks: [["ip_rcv"]],
  errorName: [[-2]],
  isNotOf: [[{ client: { address: "192.0.2.1", port: 1 }, server: { address: "192.0.2.2", port: 22 } }]],
  protocolName: [[6]],
  kernelStack: [[8]],
  readAt: [[piece, 4]],
  symbolOf: [[piece]],
  textAt: [[piece]],
  stackOf: [["\n  f+1\n"]],
  BpfMap: [["counts", true, 8]],
  beforeNul: [[piece]],
  isNamed: [[words, "eth0"]],
  nameOf: [["1", "2"]],
  constant: [[1n]],
  signed32: [["1"]],
  swapped16: [[piece]],
  swapped32: [[piece]],
  addressOf: [[4, "1", "2"]],
  inPrefix: [
    [words, "192.0.2.0/24"],
    [words, "2001:db8::/32"],
  ],
  ipVersion: [["192.0.2.1"]],
  isAddress: [["192.0.2.1"]],
  isPrefix: [["192.0.2.1"]],
};

function rowsProgram({ on, packet, emit }: Record<string, Called>): unknown {
  return on?.(hook, (here: HookSite) => packet?.(here, { skb: here.arg("skbaddr") }, emit?.(here)));
}

function histogramProgram({ on, sample }: Record<string, Called>): unknown {
  return on?.(hook, (here: HookSite) => sample?.(here, "whole", piece, piece));
}

function countsProgram({ on, packet, count }: Record<string, Called>): unknown {
  return on?.(hook, (here: HookSite) => packet?.(here, { skb: here.arg("skbaddr") }, count?.(here)));
}

type Called = (...args: unknown[]) => unknown;

const functions = Object.entries(probes).filter((entry): entry is [string, Called & (typeof entry)[1]] => {
  return typeof entry[1] === "function";
});

/** Calls a function, or makes an object of a class. */
function call(made: Called, args: unknown[]): unknown {
  const isClass = /^class\b/.test(Function.prototype.toString.call(made));
  const value = isClass ? Reflect.construct(made, args) : made(...args);
  if (value instanceof Promise) value.catch(() => {});
  return value;
}

/** All program text that can be had from a value: what it is, has, or says when it is asked on a host. */
function* programsIn(value: unknown, seen = new Set<unknown>(), depth = 0): Generator<string> {
  if (isBpf(value)) yield textOf(value);
  if (
    value === null ||
    (typeof value !== "object" && typeof value !== "function") ||
    seen.has(value) ||
    depth > 4
  )
    return;
  seen.add(value);
  const { say, test, definition } = value as { say?: Called; test?: Called; definition?: ProbeDefinition };
  if (typeof say === "function")
    yield* programsIn(
      attempt(() => say.call(value, at)),
      seen,
      depth + 1,
    );
  if (typeof test === "function" && !(value instanceof RegExp))
    yield* programsIn(
      attempt(() => test.call(value, 80, at)),
      seen,
      depth + 1,
    );
  if (value instanceof probes.BpfMap)
    yield* programsIn(
      attempt(() => value.at(piece)),
      seen,
      depth + 1,
    );
  if (definition !== undefined) {
    const text = attempt(() => renderedOf(definition, {}, site.target));
    if (typeof text === "string") yield text;
  }
  if (Object.getPrototypeOf(value) === Object.prototype || Array.isArray(value))
    for (const part of Object.values(value)) yield* programsIn(part, seen, depth + 1);
}

function renderedOf(definition: ProbeDefinition, own: object, target: Target): string {
  const { common, own: parsed } = parseParameters(definition.name, definition.parameters, {
    seconds: 1,
    ...own,
  });
  return render(definition, parsed, common, target).text;
}

type Target = ConstructorParameters<typeof Site>[0];

function attempt(ask: () => unknown): unknown {
  try {
    return ask();
  } catch (error) {
    return expectCoded(error);
  }
}

/** What is of another type, or no printed number, may fail as JavaScript does; the rest has a code. */
function expectCoded(error: unknown): undefined {
  const coded = typeof (error as { code?: unknown }).code === "string";
  const ofTheLanguage = [TypeError, RangeError, SyntaxError].some((kind) => error instanceof kind);
  // A parameter of a probe's own that is no schema.
  const isNoSchema = /expected a Zod schema/.test(String(error));
  if (!coded && !ofTheLanguage && !isNoSchema) throw error;
  return undefined;
}

/** The argument with each of its leaves replaced, one after the other. */
function* replaced(value: unknown, by: unknown, depth = 0): Generator<unknown> {
  yield by;
  if (isBpf(value) || value === null || typeof value !== "object" || depth > 3 || isSchema(value)) return;
  for (const [name, part] of Object.entries(value)) {
    for (const other of replaced(part, by, depth + 1)) {
      if (Array.isArray(value)) yield value.map((one, index) => (String(index) === name ? other : one));
      else yield { ...value, [name]: other };
    }
  }
  if (!Array.isArray(value) && typeof by === "string") yield { ...value, [by]: by };
}

function isSchema(value: object): boolean {
  return "_zod" in value;
}

function expectNoMark(value: unknown, said: string): void {
  for (const text of programsIn(value)) expect(text.includes(mark), said).toBe(false);
}

const shown = (value: unknown) =>
  typeof value === "string" ? JSON.stringify(value).slice(0, 60) : typeof value;

describe.each(functions)("%s makes no program of what it is given", (name, made) => {
  const calls = examples[name] ?? Array.from({ length: 4 }, (_, length) => Array(length + 1).fill(piece));

  test("where it is a text", () => {
    for (const args of calls) {
      for (const [place, argument] of args.entries()) {
        for (const text of hostileTexts) {
          for (const other of replaced(argument, text)) {
            const changed = args.map((one, index) => (index === place ? other : one));
            const value = attempt(() => call(made, changed));
            expectNoMark(value, `${name}, argument ${place}: ${shown(other)}`);
          }
        }
      }
    }
  });

  test("where it is no text either, and what says so is a text a moment later", () => {
    for (const args of calls) {
      for (const [place, argument] of args.entries()) {
        for (const object of hostileObjects()) {
          for (const other of [object, ...(typeof object === "symbol" ? [] : replaced(argument, object))]) {
            const changed = args.map((one, index) => (index === place ? other : one));
            expectNoMark(
              attempt(() => call(made, changed)),
              `${name}, argument ${place}: ${shown(other)}`,
            );
          }
        }
      }
    }
  });

  test("wherever it stands, beside anything", () => {
    const others = [undefined, piece, 1, "eth0", words, [piece], at, column];
    for (const hostile of [...hostileTexts.slice(0, 4), ...hostileObjects()]) {
      for (let place = 0; place < 4; place += 1) {
        for (const other of others) {
          for (const last of others) {
            const args = Array.from({ length: 4 }, (_, index) =>
              index === place ? hostile : index % 2 === 0 ? other : last,
            );
            expectNoMark(
              attempt(() => call(made, args)),
              `${name} of ${args.map(shown).join(", ")}`,
            );
          }
        }
      }
    }
  });
});

describe("program text", () => {
  test.each(hostileTexts)("is never a string: %j", (text) => {
    const makers = [
      () => bpf`${text as never}`,
      () => bpf(text as never),
      () => bpf([text] as never),
      () => bpf(Object.assign([text], { raw: [text] }) as never),
      () => bpf(Object.freeze(Object.assign([text], { raw: Object.freeze([text]) })) as never),
      () => joined([text as never]),
      () => joined([bpf`1`, bpf`2`], text as never),
      () => toBpf(text as never),
      () => comment(`${text}*/`),
      () => format(text, []),
      () => format("row", [text as never]),
    ];
    for (const make of makers) expect(make).toThrow(expect.objectContaining({ code: "NOT_PROGRAM_TEXT" }));
  });

  test.each([
    ["a name", name, ["eth0", "ksoftirqd/0:x".replace("/", "-")]],
    ["an attach point", attachPoint, ["kprobe:ip_rcv.isra.0", "interval:ms:250"]],
    ["a word", word, ["skb", "_x1"]],
    ["a comment", comment, ["sk_buff.head", "tuplehash[0].tuple"]],
  ] as const)("of %s is refused unless it is one", (_, make, good) => {
    for (const text of good) expect(textOf(make(text))).toContain(text);
    for (const bad of [...hostileTexts, "", "a b", "a\n", "a\0", ...hostileObjects()])
      expect(() => make(bad as never)).toThrow(SkbookError);
  });

  test("is no number that is not whole", () => {
    for (const value of [
      0.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      Object(1),
      Object(1n),
      true,
      null,
    ])
      expect(() => bpf`${value as never}`).toThrow(/NOT_PROGRAM_TEXT/);
    expect(textOf(bpf`${-1} ${2n ** 64n}`)).toBe("-1 18446744073709551616");
  });

  test("is made by its own class only, which nobody changes", () => {
    const made = Object.getPrototypeOf(bpf`1`).constructor;
    for (const maker of [undefined, Symbol("made in this file"), Symbol.for("made in this file"), made, {}])
      expect(() => new made(maker, mark, new Set(), "number")).toThrow(/NOT_PROGRAM_TEXT/);
    class Forged extends made {
      constructor() {
        super(Symbol("made in this file"), mark, new Set(), "number");
      }
    }
    expect(() => new Forged()).toThrow(/NOT_PROGRAM_TEXT/);
    for (const method of ["textOf", "is", "needsOf", "printedOf", "checked"])
      expect(() => Object.defineProperty(made, method, { value: () => mark })).toThrow(TypeError);
    expect(() => Object.assign(Object.getPrototypeOf(bpf`1`), { toString: () => mark })).toThrow(TypeError);
    expect(() => Object.assign(bpf`1`, { text: mark })).toThrow(TypeError);
    for (const fake of [
      Object.create(made.prototype),
      Object.create(bpf`1`),
      new Proxy(bpf`1`, {}),
      { __proto__: bpf`1` },
    ]) {
      expect(isBpf(fake)).toBe(false);
      expect(() => bpf`${fake}`).toThrow(/NOT_PROGRAM_TEXT/);
      expect(() => textOf(fake)).toThrow(/NOT_PROGRAM_TEXT/);
    }
  });
});

describe("what a host says of itself is no program either", () => {
  const { definition } = probes.defineRows({
    ...facts,
    filters: probes.packetFilters,
    fields: [probes.field({ ...column, say: (here) => [here.arg("reason")] }), probes.deviceField],
    program: rowsProgram as never,
  });

  test.each(hostileTexts)("%j", (text) => {
    const places = new Map(site.target.hooks).set(hook, [text]);
    const symbols = tracepointOf(undefined, [[2, text]]);
    const of = (different: Partial<Target>) =>
      attempt(() => renderedOf(definition, {}, { ...site.target, ...different }));
    for (const program of [
      of({ hooks: places }),
      of({ tracepoints: new Map([...site.target.tracepoints, [hook, symbols]]) }),
      of({ host: text, snapshot: { kernel: text, btf: text } }),
      of({
        layouts: {
          ...layoutsOf(),
          field: () => ({ offset: text as never, size: 8, signed: false, kind: "integer", bitfield: null }),
        },
      }),
      of({
        layouts: {
          ...layoutsOf(),
          field: () => ({ offset: 8, size: text as never, signed: false, kind: "integer", bitfield: null }),
        },
      }),
    ])
      expect(String(program)).not.toContain(mark);
  });

  test.each(hostileTexts)("nor what a probe calls a field, an argument or a hook: %j", (text) => {
    for (const ask of [
      () => at.arg(text),
      () => at.argText(text),
      () => new HookSite(site, hook, true).arg(text),
      () => site.read(piece, text),
      () => site.read(piece, `sk_buff.${text}`),
      () => site.addressOf(piece, `sk_buff.${text}`),
      () => site.name(piece, `net_device.${text}`).first,
      () => at.arg({ toString: () => text } as never),
    ])
      expectNoMark(attempt(ask), `a hostile name became text: ${text.slice(0, 40)}`);
  });
});

/** Whatever a probe can be asked, at the top level. */
function namesOf(schema: z.ZodType): string[] {
  const shape = (schema as { shape?: object }).shape;
  const inner = (schema as { def?: { in?: z.ZodType; innerType?: z.ZodType } }).def;
  if (shape !== undefined) return Object.keys(shape);
  const below = inner?.in ?? inner?.innerType;
  return below === undefined ? [] : namesOf(below);
}

describe("no parameter of a probe becomes part of its program", () => {
  const all = (catalogue as unknown as { definition: ProbeDefinition }[]).map(
    ({ definition }) => [definition.name, definition] as const,
  );
  const common = ["seconds", "bufferPages", "attachSeconds", "maxEventsPerSecond", "force"];

  test.each(all)("%s", (probe, definition) => {
    const target = targetOf(definition.hooks);
    const names = namesOf(definition.parameters);
    expect(names.length, "parameters of the probe").toBeGreaterThan(0);
    const given = neededBy[probe] ?? {};
    expect(renderedOf(definition, given, target).length).toBeGreaterThan(100);
    for (const name of [...names, ...common, "noSuchParameter"]) {
      for (const hostile of [
        ...hostileTexts,
        ...hostileObjects(),
        ...hostileTexts.map((text) => [text]),
        ...hostileTexts.map((text) => ({ [text]: text })),
      ]) {
        let program = "";
        try {
          program = renderedOf(definition, { ...given, [name]: hostile }, target);
        } catch (error) {
          expect(error, `${name}: ${shown(hostile)}`).toMatchObject({
            code: expect.stringMatching(/^(BAD_PARAMETER|UNKNOWN_\w+)$/),
          });
        }
        expect(program.includes(mark), `${name}: ${shown(hostile)}`).toBe(false);
      }
    }
  });
});
