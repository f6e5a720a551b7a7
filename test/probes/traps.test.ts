import { expect, test } from "vitest";
import {
  type Column,
  classifyDrops,
  conntrackSummary,
  createFrame,
  dropEvents,
  dropSummary,
  qdiscDrops,
  type Target,
  type Value,
} from "../../lib/index.js";
import { resolveHooks } from "../../lib/probes/hooks.js";
import { symbolNotes } from "../../lib/probes/symbols.js";

const kfree = "tracepoint:skb:kfree_skb";

function targetOf(
  fields: string[],
  symbols: [number, string][],
  structs: Target["structs"] = new Map(),
): Target {
  return {
    host: "lab",
    snapshot: { kernel: "6.1.0" },
    hooks: new Map([[kfree, [kfree]]]),
    tracepoints: new Map([[kfree, { fields: new Set(fields), symbols: new Map(symbols) }]]),
    structs,
  };
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
  const target = targetOf(["skbaddr", "location", "protocol"], []);
  for (const probe of [dropSummary, dropEvents]) {
    const program = probe.definition.program(probe.definition.parameters.parse({}), target).text;
    expect(program).not.toMatch(/location\s*[!=]=|kstack|ksym\([^)]*\)\s*[!=]=/);
  }
});

test("reasons are numbered as that host has them: the same number means another reason on another kernel", () => {
  const named = (symbols: [number, string][]) =>
    dropSummary.definition
      .decode(
        { type: "map", name: "@drops", entries: [["2,tcp_v4_rcv,eth0,1", 1]] },
        { target: targetOf(["reason"], symbols), parameters: {}, unixTime: () => null },
      )
      .map(([reason]) => reason);
  expect(named([[2, "NO_SOCKET"]])).toEqual(["NO_SOCKET"]);
  expect(named([[2, "NOT_SPECIFIED"]])).toEqual(["NOT_SPECIFIED"]);
  expect(named([[3, "NO_SOCKET"]])).toEqual(["REASON_2"]);
});

test("a VLAN tag is read as that kernel keeps it, not by an offset", () => {
  const program = (fields: string[]) => {
    const target = targetOf(["reason"], [], new Map([["sk_buff", new Set(fields)]]));
    return dropEvents.definition.program(dropEvents.definition.parameters.parse({ headers: true }), target)
      .text;
  };
  expect(program(["vlan_all", "vlan_tci"])).toContain("$skb->vlan_all != 0");
  expect(program(["vlan_present", "vlan_tci"])).toContain("$skb->vlan_present == 1");
  expect(program(["vlan_tci"])).toContain("$skb->vlan_tci & 0x1000");
});

test("filters match in all that is asked: none is left out behind the first", () => {
  const parameters = dropSummary.definition.parameters.parse({
    src: "192.0.2.1",
    dstPort: 80,
    protocol: "TCP",
  });
  const program = dropSummary.definition.program(parameters, targetOf(["reason"], [])).text;
  for (const wanted of ["$dport == 80", "$proto == 6"]) expect(program).toContain(wanted);
});

test("a discipline that isn't loaded is no part that is missing; one that can't be traced is", () => {
  const kernel = (functions: [string, boolean][]) => ({
    kernel: "6.1.0",
    hasKprobes: true,
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

test("what a call returned is told by the thread and the depth of the call, and a return without its entry counts for nothing", () => {
  const hooks = ["nf_conntrack_in", "__nf_conntrack_confirm"].flatMap((name) => [
    `kprobe:${name}`,
    `kretprobe:${name}`,
  ]);
  const target = { ...targetOf([], []), hooks: new Map(hooks.map((hook) => [hook, [hook]])) };
  const program = conntrackSummary.definition.program({}, target).text;
  expect(program).toContain("@kept_nf_conntrack_in[$thread, $depth]");
  expect(program).toMatch(/kretprobe:nf_conntrack_in \{[^}]*\} \$depth = [^;]*; if \(\$depth > 0\)/);
});

test("a call that begins once the probe is told to end counts for nothing: its return may find nobody there", () => {
  const hooks = ["kprobe:__dev_queue_xmit", "kretprobe:__dev_queue_xmit", "tracepoint:net:net_dev_xmit"];
  const target = { ...targetOf([], []), hooks: new Map(hooks.map((hook) => [hook, [hook]])) };
  const { text } = qdiscDrops.definition.program({}, target);
  expect(text).toMatch(/kprobe:__dev_queue_xmit \{[^}]*if \(\(@over == 0\) && [^{]*\{ @matched = count\(\)/);
});

test("a host that hides its symbols is told apart from one whose drops are at unknown places", () => {
  const target = {
    ...targetOf(["reason", "location"], []),
    snapshot: { kernel: "6.1.0", kptr_restrict: "2" },
  };
  const program = dropSummary.definition.program(dropSummary.definition.parameters.parse({}), target).text;
  expect(symbolNotes(program, target)).toEqual([expect.stringMatching(/^lab hides .*kptr_restrict=1/)]);
  expect(symbolNotes(program, { ...target, snapshot: { kptr_restrict: "1" } })).toEqual([]);
});
