import { SkbookError } from "../../errors/index.js";
import type { ProbeFacts } from "../engine/definition.js";
import type { Asked } from "../filter.js";
import { hookNames } from "../hooks.js";
import { type ParseOptions, parsePacket } from "../packet/parse.js";
import { packet } from "../packet/values.js";
import type { Site } from "../site.js";
import { attachPoint, type Bpf, bpf, joined } from "../text/bpf.js";
import { type CallOptions, callClauses, callHooks } from "./calls.js";
import { type Clauses, HookAt } from "./hook-at.js";

/** What a probe's program is written with, whatever its kind. */
export interface Writing<Parameters> extends Clauses {
  parameters: Parameters;
  site: Site;
  /** IP versions that a packet can have, by the filters that were asked for. */
  versions: readonly (4 | 6)[];
  /** Statements that parse a packet, leave the clause where a filter that was asked for fails, and then do `body`. */
  packet(at: HookAt, options: PacketOptions, body: Bpf): Bpf;
  /** The same for any packet, whatever was asked for. */
  anyPacket(at: HookAt, options: PacketOptions, body: Bpf): Bpf;
  /**
   * Statements that leave the clause where a filter that was asked for fails, and then do `body`: for a program that has no packet to parse and itself sets
   * the values of `packet` that its filters name.
   *
   * @param read statements that set them, where only filters need them.
   */
  filtered(at: HookAt, read: Bpf, body: Bpf): Bpf;
  /**
   * Clauses on the entry and the return of a function of the kernel; nothing where the host lacks one of them. A call whose return the kernel
   * missed counts as lost.
   */
  call(name: string, options: CallOptions): Bpf;
}

/** Where a packet is, and what else has to hold of it. */
export interface PacketOptions extends Omit<ParseOptions, "inside"> {
  /** Pointer to its sk_buff; `$skb` from there on. */
  skb: Bpf;
  /** Statements before it is parsed. */
  first?: Bpf;
  tests?: readonly Bpf[];
}

const skb = bpf`$skb`;

/** What a kind gives to a probe's program. */
export function writing<Parameters>(
  { name, hooks }: Pick<ProbeFacts, "name" | "hooks">,
  site: Site,
  parameters: Parameters,
  asked: Asked,
  counted: { began(at: HookAt): Bpf; returned(at: HookAt): Bpf },
): Writing<Parameters> {
  const names = hookNames(hooks);
  const { target } = site;
  const parse = (at: HookAt, options: PacketOptions, filters: Asked, body: Bpf) => {
    const { skb: pointer, first, tests = [], versions = filters.versions, ...rest } = options;
    const all = [...tests, ...filters.tests(at)];
    const parsed = parsePacket(at, { ...rest, skb, versions, inside: filters.inside }, all, body);
    return joined([bpf`${skb} = ${pointer};`, ...(first === undefined ? [] : [first]), parsed], "\n  ");
  };
  const has = (hook: string) => target.hooks.has(hook);
  const self: Writing<Parameters> = {
    parameters,
    site,
    versions: asked.versions,
    has,
    on(hook, body, { when, numeric = false } = {}) {
      const index = names.indexOf(hook);
      if (index < 0) throw notAHook(name, hook, names);
      const places = target.hooks.get(hook);
      if (places === undefined) return bpf``;
      const at = new HookAt(site, hook, numeric || !target.typedArguments, index);
      const predicate = when === undefined ? bpf`` : bpf`/ ${when(at)} / `;
      return bpf`${joined(places.map(attachPoint), ", ")} ${predicate}{
  ${body(at)}
}`;
    },
    packet: (at, options, body) => parse(at, options, asked, body),
    anyPacket: (at, options, body) =>
      parse(at, options, { tests: () => [], versions: [4, 6], inside: false }, body),
    filtered(at, read, body) {
      const { versions } = asked;
      const version = versions.length === 2 ? [] : [bpf`${packet.version} == ${versions[0] ?? -1}`];
      const tests = [...version, ...asked.tests(at)];
      if (tests.length === 0) return body;
      return bpf`${read}
  if (!(${joined(tests, " && ")})) { return; }
  ${body}`;
    },
    call(name, options) {
      const [, back] = callHooks(name);
      const atBack = (at: HookAt) => new HookAt(site, back, at.numeric, names.indexOf(back));
      return callClauses(self, name, options, counted, atBack);
    },
  };
  return self;
}

function notAHook(probe: string, hook: string, names: readonly string[]): SkbookError {
  return new SkbookError({
    code: "BAD_PROBE",
    tried: `write the program of ${probe}`,
    failed: `${String(hook)} is none of its hooks; these are ${names.join(", ")}`,
    todo: "name it among the probe's hooks",
  });
}
