import { bpf } from "../../lib/probes/index.js";

/** Stands in everything hostile; no program that is all right has it. */
export const mark = "0wn3d";

/** Texts that would be a program of their own, end a literal or a comment, or are no text that anybody means. */
export const hostileTexts: readonly string[] = [
  `"; system("${mark}") //`,
  `\`${mark}\``,
  `*/ BEGIN { system("${mark}"); } /*`,
  `x\n}\nBEGIN { ${mark}(); }`,
  `$(${mark})`,
  `\${${mark}}`,
  `eth0\0${mark}`,
  `eth0 ${mark}`,
  `198.51.100.7 || ${mark}`,
  `198.51.100.0/24 || ${mark}`,
  `198.51.100.0/${mark}`,
  `fe80::1%${mark}`,
  `kprobe:f { ${mark} }`,
  `tracepoint:skb:kfree_skb, kprobe:${mark}\n`,
  `%s${mark}`,
  `\u2028${mark}\u202e`,
  `"${mark}${"a".repeat(100_000)}`,
];

/** Values that are not what they seem. */
export function hostileObjects(): unknown[] {
  const text = hostileTexts[0] as string;
  const toText = { toString: () => text, valueOf: () => text, [Symbol.toPrimitive]: () => text };
  let asked = 0;
  const changesItsMind = { toString: () => (asked++ % 2 === 0 ? "eth0" : text), length: 4 };
  const piece = bpf`1`;
  const ownMap = Object.assign([piece], {
    map: () => Object.assign([text], { join: () => text, map: () => [text] }),
  });
  const arrayLike = {
    length: 1,
    0: text,
    map: () => [text],
    join: () => text,
    includes: () => true,
    *[Symbol.iterator]() {
      yield text;
    },
  };
  class Words extends Array<unknown> {
    static override get [Symbol.species]() {
      return Forged as never;
    }
  }
  class Forged {
    static [Symbol.hasInstance] = () => true;
    join() {
      return text;
    }
    flatMap() {
      return [];
    }
  }
  return [
    toText,
    changesItsMind,
    new String(text),
    Object.assign(Object(1), toText),
    [text],
    [[text]],
    ownMap,
    arrayLike,
    Words.from([piece]),
    Object.assign([text], { raw: [text] }),
    Object.freeze(Object.assign([text], { raw: Object.freeze([text]) })),
    JSON.parse(JSON.stringify({ raw: [text], 0: text, length: 1 })),
    new Proxy(piece, {
      get: () => text,
      has: () => true,
      getPrototypeOf: () => Object.getPrototypeOf(piece),
    }),
    new Proxy([text], { get: (target, name) => (name === "raw" ? [text] : Reflect.get(target, name)) }),
    Object.create(piece),
    Object.assign(Object.create(Object.getPrototypeOf(piece)), { text, "#text": text, toString: () => text }),
    {
      name: text,
      text,
      high: text,
      low: text,
      first: text,
      second: text,
      map: text,
      offset: text,
      size: text,
    },
    () => text,
    Symbol(text),
  ];
}
