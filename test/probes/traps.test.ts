import { expect, test } from "vitest";
import { type Column, classifyDrops, createFrame, qdiscDrops, type Value } from "../../lib/index.js";
import { parseParameters } from "../../lib/probes/engine/parameters.js";
import { render } from "../../lib/probes/engine/render.js";
import { resolveHooks } from "../../lib/probes/hooks.js";
import {
  type Bpf,
  type CallOptions,
  defineCounts,
  defineRows,
  field,
  type ProbeDefinition,
  type Target,
} from "../../lib/probes/index.js";
import { dropEvents, dropSummary } from "../../probes/drop/index.js";
import { layoutsOf, targetOf, tracepointOf } from "./target.js";

const kfree = "tracepoint:skb:kfree_skb";

/** A host whose drops have these fields, and reasons. */
function hostOf(fields: readonly string[], symbols: [number, string][] = [], layouts = layoutsOf()): Target {
  const tracepoints = new Map([[kfree, tracepointOf(fields, symbols)]]);
  return { ...targetOf({ required: [kfree] }, { tracepoints, layouts }), hooks: new Map([[kfree, [kfree]]]) };
}

const all = ["skbaddr", "location", "protocol", "reason"];

function programOf({ definition }: { definition: ProbeDefinition }, asked: object, target: Target): string {
  const { common, own } = parseParameters(definition.name, definition.parameters, { seconds: 1, ...asked });
  return render(definition, own, common, target).text;
}

test("a drop in tcp_v4_rcv without a reason is never normal, and no row is left out for being at a usual place", async () => {
  const columns: Column[] = ["reason", "site", "device", "tcp_flags"].map((name) => ({
    name,
    type: "VARCHAR",
    meaning: name,
  }));
  const flags = [null, "SYN", "ACK", "FIN ACK", "RST"];
  const rows: Value[][] = flags.map((one) => [null, "tcp_v4_rcv", "eth0", one]);
  const judged = await classifyDrops(
    createFrame(columns, rows, {
      ...{ source: "dropEvents", host: "h", recordingId: null, startedAt: null, endedAt: null },
      ...{ lost: 0, truncated: false, partial: false, notes: [], details: {} },
    }),
  );
  const kinds = (judged.values as Value[][]).map((row) => row.at(-2));
  expect(kinds).toHaveLength(flags.length);
  expect(kinds).not.toContain("normal");
});

test("a program of drops has no test for places: filters are those that were asked for", () => {
  const target = hostOf(["skbaddr", "location", "protocol"]);
  for (const probe of [dropSummary, dropEvents]) {
    const program = programOf(probe as never, {}, target);
    expect(program).toContain("args->location");
    expect(program).not.toMatch(/location\s*[!=]=|kstack|ksym\([^)]*\)+\s*[!=]=/);
  }
});

test("reasons are numbered as that host has them: the same number means another reason on another kernel", () => {
  const { definition } = dropSummary;
  const named = (symbols: [number, string][]) => {
    const maps = new Map([["@counts", new Map([["2,tcp_v4_rcv,1,[0,0]", 1]])]]);
    const parameters = definition.parameters.parse({});
    const context = { target: hostOf(all, symbols), parameters, unixTime: () => null, ended: null };
    return definition.conclude?.(maps, context).map(([reason]) => reason);
  };
  expect(named([[2, "NO_SOCKET"]])).toEqual(["NO_SOCKET"]);
  expect(named([[2, "NOT_SPECIFIED"]])).toEqual(["NOT_SPECIFIED"]);
  expect(named([[3, "NO_SOCKET"]])).toEqual(["REASON_2"]);
});

test("a VLAN tag is read as that kernel keeps it, and where it keeps it", () => {
  const others = ["len", "dev", "head", "mac_header", "network_header", "protocol", "skb_iif"];
  const program = (fields: readonly string[]) => {
    const known = [...others, ...fields].map((name) => [`sk_buff.${name}`, {}] as const);
    const at = { offset: 0x1234, size: 2 };
    const layouts = layoutsOf({
      ...Object.fromEntries(known),
      "net_device.name": {},
      "sk_buff.vlan_tci": at,
    });
    return programOf(dropEvents as never, { headers: true }, hostOf(all, [], layouts));
  };
  expect(program(["vlan_all"])).toContain("/* vlan_all */) != 0");
  expect(program(["vlan_present"])).toContain("/* vlan_present */) == 1");
  expect(program([])).toContain("(*($skb + 4660 /* vlan_tci */) & 65535) & 0x1000) != 0");
});

test("filters match in all that is asked: none is left out behind the first", () => {
  const program = programOf(
    dropSummary as never,
    { src: "192.0.2.1", dstPort: 80, protocol: "TCP" },
    hostOf(all),
  );
  for (const wanted of ["$srcl == 16908480", "$dport == 80", "$proto == 6"])
    expect(program).toContain(wanted);
});

test("a filter looks at nothing that has not been read: its test stands behind what sets it", () => {
  const asked = { ip: "192.0.2.1", dstPort: 80, protocol: "TCP", device: "eth0", vlan: 1 };
  for (const own of [asked, { ...asked, vni: 1 }, { ...asked, ip: "2001:db8::1" }]) {
    const lines = programOf(dropEvents as never, { ...own, headers: true }, hostOf(all)).split("\n");
    const tests = lines.flatMap((line, index) => (line.includes("if (!(") ? [index] : []));
    expect(tests.length).toBeGreaterThan(2);
    for (const index of tests) {
      const before = lines.slice(0, index).join("\n");
      const named = [...(lines[index] as string).matchAll(/\$\w+/g)].map(([name]) => name);
      for (const name of named) {
        const sets = [...before.matchAll(new RegExp(`\\${name} = (.*?);`, "g"))].map(([, value]) => value);
        expect(
          sets.some((value) => value !== "0"),
          `${name} is set before: ${lines[index]}`,
        ).toBe(true);
      }
    }
  }
});

test("a discipline that isn't loaded is no part that is missing; one that can't be traced is", () => {
  const kernel = (functions: [string, boolean][]) => ({
    kernel: "6.1.0",
    hasKprobes: true,
    hasUprobes: true,
    snapshot: {
      config: new Map(),
      formats: new Map([
        ["net:net_dev_xmit", ""],
        ["signal:signal_generate", ""],
      ]),
      functions: new Map(
        functions.map(([name, traceable]) => [name, { module: null, traceable, copies: 1 }] as const),
      ),
    },
  });
  const missing = (functions: [string, boolean][]) =>
    resolveHooks(qdiscDrops.definition.hooks, kernel([["__dev_queue_xmit", true], ...functions])).missing.map(
      ({ hook }) => hook,
    );
  expect(missing([["tbf_enqueue", true]])).toEqual([]);
  expect(missing([["tbf_enqueue", false]])).toEqual(["kprobe:tbf_enqueue", "kretprobe:tbf_enqueue"]);
});

const call = ["kprobe:f", "kretprobe:f"];
const facts = { name: "calls", measures: "calls", hooks: { required: call } };
const codeField = field({
  name: "code",
  type: "BIGINT",
  meaning: "what it returned",
  say: (at) => at.result,
});
const options = (leave: NonNullable<CallOptions["leave"]>): CallOptions => ({
  enter: (at, keep) => keep(at.arg(0)),
  leave,
});
const rows = defineRows({
  ...facts,
  fields: [codeField],
  program: (writing): Bpf =>
    writing.call(
      "f",
      options((at) => writing.emit(at)),
    ),
});
const counts = defineCounts({
  ...facts,
  fields: [codeField],
  total: { name: "calls", meaning: "calls" },
  calls: true,
  program: (writing): Bpf =>
    writing.call(
      "f",
      options((at) => writing.count(at)),
    ),
});

test.each([
  ["rows", rows],
  ["counts", counts],
])(
  "what a call returned is told by the thread and the depth of the call, and a return without its entry counts for nothing: %s",
  (_, probe) => {
    const program = programOf(probe as never, {}, targetOf(facts.hooks));
    expect(program).toContain("@kept_f[tid, $idle, $depth]");
    expect(program).toMatch(
      /kretprobe:f \{[^}]*\$idle[^}]*\}\s*\$depth = [^;]*; if \(\$depth == 0\) \{ return; \}/,
    );
    expect(program).toMatch(/\$kept = @kept_f\[[^\]]*\]; if \(\$kept == 0\) \{ return; \}/);
  },
);

test("a call that begins once the probe is told to end counts for nothing: its return may find nobody there", () => {
  const program = (probe: unknown) => programOf(probe as never, {}, targetOf(facts.hooks));
  expect(program(rows)).toMatch(/if \(\(@over == 0\)\) \{ @entered_1 = count\(\); @kept_f/);
  expect(program(counts)).toMatch(/if \(\(@over == 0\)\) \{ @matched_1 = count\(\); @kept_f/);
});

test("a function without its return is not attached to: nothing would come of it", () => {
  const target = { ...targetOf(facts.hooks), hooks: new Map([["kprobe:f", ["kprobe:f"]]]) };
  expect(programOf(rows as never, {}, target)).not.toContain("probe:f");
});

test("a host that hides its symbols is told apart from one whose drops are at unknown places", () => {
  const notes = (kptr_restrict: string) =>
    dropSummary.definition.notes?.(
      { ...hostOf(all, [[2, "A"]]), snapshot: { kernel: "6.1.0", kptr_restrict } },
      {},
      new Set(),
    );
  expect(notes("2")).toEqual([expect.stringMatching(/^lab hides .*kptr_restrict=1/)]);
  expect(notes("1")).toEqual([]);
});
