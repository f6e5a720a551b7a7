import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ipaddr from "ipaddr.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../kernel/package.js";
import { Account } from "../../lib/probes/engine/account.js";
import { collect } from "../../lib/probes/engine/collect.js";
import { clauseSizes } from "../../lib/probes/engine/elf.js";
import { environment } from "../../lib/probes/engine/environment.js";
import { endHook } from "../../lib/probes/engine/lifecycle.js";
import { parseParameters } from "../../lib/probes/engine/parameters.js";
import { render } from "../../lib/probes/engine/render.js";
import { typesVariables } from "../../lib/probes/engine/version.js";
import { type Hook, hookNames, nameOf } from "../../lib/probes/hooks.js";
import type { ProbeDefinition } from "../../lib/probes/index.js";
import type { Frame, Provenance, Table } from "../../lib/tables/index.js";
import { missing } from "../fixtures/needs.js";
import { neededBy } from "./needed.js";
import {
  emptyTarget,
  json,
  kernels,
  learnHooks,
  SampleFolder,
  sampleTarget,
  type TargetFile,
  takeRecording,
  writes,
} from "./samples.js";

const packets = { ip: "198.51.100.0/24", port: 443, protocol: "TCP", device: "eth0", vlan: 42 };

const sockets = { src: "198.51.100.0/24", dst: "192.0.2.7", srcPort: 443, dstPort: 40_000 };

const tcpPath = {
  from: ["eth0", "eth1"],
  to: "eth2",
  protocol: "TCP",
  ...{ src: "2001:db8:1::/48", dst: "2001:db8:2::7", dstPort: 443 },
};

/** What programs are written for, beside what a probe does by default. */
const asked: { readonly [probe: string]: readonly object[] } = {
  dropEvents: [
    { headers: true, stacks: 4, ...packets, reason: [] },
    { headers: true, src: "2001:db8::/32", vni: 5_000 },
    { ovs: true },
  ],
  dropSummary: [
    { by: ["flow", "stack", "device"], ...packets },
    { by: ["protocol"], dst: "2001:db8::1", dstPort: 53 },
  ],
  backlogEvents: [{ slowerThanUs: 5_000, stacks: 4, ...packets }],
  backlogSummary: [{ by: ["from_cpu", "cpu", "ksoftirqd"], ...packets }],
  conntrackEvents: [packets],
  conntrackSummary: [packets],
  defragEvents: [{ src: "198.51.100.0/24" }, { ip: "2001:db8::/32" }],
  stageSummary: [{ by: ["flow"] }],
  echoSummary: [
    { by: ["role", "asker", "answerer"], asker: "198.51.100.0/24", timeoutMs: 100 },
    { answerer: "2001:db8::7", netns: 4_026_532_000 },
  ],
  flowInstalls: [{ operations: ["new", "set"], failed: true, slowerThanUs: 1_000 }],
  gapEvents: [{ devices: ["eth0", "vnet1"], longerThanMs: 500, src: "198.51.100.0/24", port: 443 }],
  gapSummary: [{ devices: "eth0", by: ["device", "direction", "flow"], protocol: "TCP" }],
  echoTrace: [{ slowerThanUs: 5_000, answerer: "203.0.113.30" }],
  defragSummary: [{ dst: "198.51.100.7" }, { ip: "2001:db8::/32" }],
  pathEvents: [tcpPath],
  pathSummary: [tcpPath],
  irqSummary: [{ irqs: [24, 40], name: "virtio0-input.0", by: ["irq", "cpu", "result"] }, { name: "eth0" }],
  qdiscDrops: [{ device: "eth0" }],
  qdiscLatencyEvents: [{ slowerThanUs: 5_000, ...packets }],
  qdiscLatencySummary: [{ by: ["queue"], ...packets }],
  queueSummary: [
    { by: ["direction", "cpu", "size", "flow"], ...packets },
    { direction: "tx", by: ["queue"] },
  ],
  runQueueSummary: [{ threads: [42, 4_242], by: ["thread", "cpu"] }, { command: "vhost-4242" }],
  ovsActionEvents: [{ actions: ["output", "ct"], ...packets }],
  ovsActionSummary: [
    { actions: "recirc", by: ["device", "action", "recirc_id", "to_recirc_id", "flow"], ...packets },
  ],
  upcallEvents: [{ slowerThanUs: 500, ...packets }, { requests: true }],
  upcallSummary: [{ by: ["device"], ...packets }],
  lockSummary: [
    {
      others: true,
      threads: [42, 4_242],
      by: ["lock", "thread", "result", "caller", "user_stack"],
      functions: ["pthread_rwlock_wrlock"],
    },
    { by: ["command", "function"] },
  ],
  futexSummary: [
    {
      process: 4_242,
      threads: [42, 4_242],
      by: ["process", "thread", "address", "operation", "result", "user_stack"],
    },
    { by: ["command", "address"] },
  ],
  offCpuEvents: [{ process: 4_242, stacks: 0, slowerThanUs: 0 }, { command: "vhost-4242" }],
  offCpuSummary: [
    { threads: [42, 4_242], by: ["thread", "process", "state", "stack", "user_stack"] },
    { command: "vhost-4242" },
  ],
  wakeupEvents: [{ command: "vhost-4242", slowerThanUs: 0 }],
  wakeupSummary: [
    { threads: [42, 4_242], by: ["command", "thread", "cpu", "waker_cpu"] },
    { command: "vhost-4242" },
  ],
  acceptSummary: [
    { by: ["flow", "process"], ...sockets },
    { by: ["peer"], dst: "2001:db8::/32" },
  ],
  readLatencySummary: [{ by: ["flow", "process"], ...sockets }, { by: ["socket"] }],
  recvSummary: [{ process: 4_242, by: ["thread", "call", "outcome"] }, { by: ["command", "call"] }],
  tcpConnectEvents: [{ failed: true, slowerThanUs: 1_000, dst: "2001:db8::/32", port: 443 }],
  tcpConnectSummary: [{ by: ["own", "process", "result"], ip: "198.51.100.0/24", port: 443 }],
  tcpEvents: [{ events: ["retransmission", "reset sent"], ...sockets }, { ip: "2001:db8::/32" }],
  tcpFlightSummary: [{ by: ["peer", "own_port"], ...sockets }, { ip: "2001:db8::/32" }],
  tcpRttSummary: [
    { by: ["flow", "socket"], ...sockets },
    { by: ["peer"], dst: "2001:db8::/32" },
  ],
  softirqEvents: [{ vectors: "NET_RX", slowerThanUs: 5_000 }],
  softirqSummary: [{ vectors: ["NET_RX", "NET_TX"], by: ["vector", "cpu", "ksoftirqd"] }],
};

/** Kernels that lack a hook without which a probe means nothing: there is no program for them. */
const refused: { readonly [kernel: string]: readonly string[] } = {
  "5.10": ["ovsActionEvents", "ovsActionSummary"],
};

/** A filter by reason means something where the kernel gives reasons. */
function possible(parameters: object, file: TargetFile): object {
  if (!("reason" in parameters)) return parameters;
  const reasons = Object.values(file.tracepoints["tracepoint:skb:kfree_skb"]?.symbols ?? {});
  const { reason, ...rest } = parameters;
  return reasons.includes("NETFILTER_DROP") ? { ...rest, reason: ["NETFILTER_DROP", "NO_SOCKET"] } : rest;
}

const layers = readdirSync(join(packageRoot, "probes"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "report")
  .map(({ name }) => name);

const definitions: { layer: string; definition: ProbeDefinition }[] = [];
for (const layer of layers) {
  const exported: object = await import(`../../probes/${layer}/index.ts`);
  for (const value of Object.values(exported))
    if (typeof value === "function" && "definition" in value)
      definitions.push({ layer, definition: value.definition as ProbeDefinition });
}

const howTo = "SKBOOK_WRITE_SAMPLES=1 npx vitest run --project live test/probes/samples.test.ts writes it";

/** Debian 13's kernel, and what its bpftrace says, which types variables. */
const [typedKernel, typing] = ["6.12", "bpftrace v0.23.2"] as const;
const typedSample = (name: string) => `${name}.${typedKernel}-typed.bt`;

/** Programs of a probe on one kernel, each behind what was asked. */
function programs(
  definition: ProbeDefinition,
  file: TargetFile,
  kernel: (typeof kernels)[number],
  said = "bpftrace v0.17.0",
): string {
  const hooks = [...hookNames(definition.hooks), endHook];
  return [{}, ...(asked[definition.name] ?? [])]
    .map((parameters) => {
      const given = { seconds: 10, ...neededBy[definition.name], ...possible(parameters, file) };
      const { common, own } = parseParameters(definition.name, definition.parameters, given);
      const target = sampleTarget(file, kernel, hooks);
      const snapshot = { ...target.snapshot, "tool.bpftrace": said };
      const { text } = render(definition, own, common, { ...target, snapshot });
      return `// ${JSON.stringify(given)}\n${text}`;
    })
    .join("\n");
}

describe.each(definitions)("the samples of $definition.name", ({ layer, definition }) => {
  const folder = new SampleFolder(layer);
  const { name, revision = 0 } = definition;

  describe.each(kernels.filter((kernel) => !refused[kernel]?.includes(name)))("on %s", (kernel) => {
    test("are the programs that are written now", () => {
      const file = folder.target(kernel) ?? emptyTarget(kernel);
      const whose = kernel === "no-btf" ? `${name}, no-btf` : name;
      const sample = `${name}.${kernel}.bt`;
      const before = folder.read(sample);
      if (writes)
        learnHooks(file, kernel === "no-btf" ? "6.1" : kernel, {
          ...definition.hooks,
          optional: [...(definition.hooks.optional ?? []), endHook],
        });
      const now = programs(definition, file, kernel);
      const known = file.revisions[whose];
      if (writes) {
        expectRaised(before, now, known);
        folder.write(sample, now);
        folder.writeTarget(kernel, { ...file, revisions: { ...file.revisions, [whose]: revision } });
        return;
      }
      expect(before, `there is no sample of ${name} on ${kernel}: ${howTo}`).not.toBeNull();
      if (now !== before) expectRaised(before, now, known);
      expect(now, `the program of ${name} on ${kernel} changed: ${howTo}`).toBe(before);
      expect(known, `${name} has another revision than its sample: ${howTo}`).toBe(revision);
    });

    test("attach to all that the probe can't do without", () => {
      const { hooks } = folder.target(kernel) ?? emptyTarget(kernel);
      const text = folder.read(`${name}.${kernel}.bt`) ?? "";
      const { required = [], oneOf = [] } = definition.hooks;
      const isKnown = (hook: Hook) => hooks[nameOf(hook)] !== undefined;
      expect(
        required.filter((hook) => !isKnown(hook)),
        `the target of ${kernel} lacks hooks: SKBOOK_SAMPLE_KERNELS names a folder of kernels that they are learnt from`,
      ).toEqual([]);
      const chosen = oneOf.map((group) => group.find(isKnown));
      expect(chosen).not.toContain(undefined);
      const places = ([...required, ...chosen] as Hook[]).flatMap((hook) => hooks[nameOf(hook)] ?? []);
      expect(places.filter((place) => !text.includes(place))).toEqual([]);
    });

    function expectRaised(before: string | null, now: string, known: number | undefined): void {
      if (before === null || now === before || known === undefined || revision > known) return;
      expect(
        now,
        `the program of ${name} on ${kernel} changed, and its revision did not: raise \`revision\`, then ${howTo}`,
      ).toBe(before);
    }
  });

  // What they do is the same, so that no revision has to grow with them.
  test.skipIf(refused[typedKernel]?.includes(name))(
    "are the programs that are written now for a bpftrace that types variables",
    () => {
      const sample = typedSample(name);
      const now = programs(
        definition,
        folder.target(typedKernel) ?? emptyTarget(typedKernel),
        typedKernel,
        typing,
      );
      if (writes) folder.write(sample, now);
      expect(now, `${sample} is another program now: ${howTo}`).toBe(folder.read(sample));
    },
  );

  test("decode what a run gave as they did", async () => {
    if (writes) takeRecording(folder, definition);
    const bytes = folder.read(`${name}.recording.txt`);
    expect(bytes, `there is no recording of ${name}: ${layer}/sample/${name}.recording.txt`).not.toBeNull();
    const file = folder.target("recording");
    if (bytes === null || file === null) throw new Error(`there is no target of the recording of ${name}`);
    const before = folder.read(`${name}.rows.json`);
    const [head = "", ...lines] = bytes.split("\n");
    const given = JSON.parse(head.replace(/^\/\/ /, "")) as object;
    const result = await decoded(definition, given, file, lines.join("\n"));
    expect(addressesIn(result.rows).filter((one) => !isDocumentation(one))).toEqual([]);
    const now = json(result);
    const known = file.revisions[name];
    if (before !== null && now !== before && known !== undefined && revision <= known)
      expect(
        now,
        `${name} makes other rows of the same words, and its revision did not grow: raise \`revision\`, then ${howTo}`,
      ).toBe(before);
    if (writes) {
      folder.write(`${name}.rows.json`, now);
      folder.writeTarget("recording", { ...file, revisions: { ...file.revisions, [name]: revision } });
      return;
    }
    expect(now, `the rows of ${name} changed: ${howTo}`).toBe(before);
    expect(known, `${name} has another revision than its rows: ${howTo}`).toBe(revision);
  });
});

/** The rows of a recording, with what its books say. */
async function decoded(definition: ProbeDefinition, given: object, file: TargetFile, text: string) {
  const { own } = parseParameters(definition.name, definition.parameters, given);
  const target = sampleTarget(file, "recording", hookNames(definition.hooks));
  const account = new Account(definition.books(own, target));
  const bytes = (async function* () {
    // A line may come in parts.
    for (let at = 0; at < text.length; at += 1_000) yield Buffer.from(text.slice(at, at + 1_000));
  })();
  const { finish } = await collect(definition, bytes, {
    target,
    parameters: own,
    account,
    onAttached: () => {},
  });
  const provenance: Provenance = {
    ...{ source: definition.name, host: "sample", recordingId: null, startedAt: null, endedAt: null },
    ...{ lost: account.lost, truncated: account.truncated, partial: false, notes: [], details: {} },
  };
  const result: Table | Frame = await finish(provenance);
  const { columns, values } = "toFrame" in result ? await result.toFrame() : result;
  const { matched, lost, truncated, unparsedLines } = account;
  return {
    columns,
    rows: (values as unknown[][]).map((row) => row.map(plain)),
    matched,
    lost,
    truncated,
    unparsedLines,
  };
}

/** Whatever reads as an address. */
function addressesIn(rows: readonly unknown[][]): string[] {
  return rows
    .flat()
    .filter(
      (value): value is string => typeof value === "string" && ipaddr.isValid(value) && /[.:]/.test(value),
    );
}

/** Addresses for documentation (RFC 5737, 3849). */
function isDocumentation(address: string): boolean {
  const ranges = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"].map((range) =>
    ipaddr.parseCIDR(range),
  );
  const parsed = ipaddr.parse(address);
  return ranges.some(
    ([network, length]) => network.kind() === parsed.kind() && parsed.match(network as never, length),
  );
}

function plain(value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}

const version =
  missing(["bpftrace"]).length > 0 ? "" : execFileSync("bpftrace", ["--version"], { encoding: "utf8" });
const types = typesVariables({ "tool.bpftrace": version });
const lacking: string[] = missing(["bpftrace", "tracing"]);
// Without BTF it takes no program that reads a tracepoint's record.
if (types) lacking.push("bpftrace 0.17");
if (lacking.length > 0) console.warn(`LEFT OUT: instructions of samples need ${lacking.join(", ")}`);

/** This machine may not have the module of a switch, nor that process; where a clause stands, it is the same. */
const onThisMachine = (program: string) =>
  program
    .replaceAll(/tracepoint:openvswitch:\w+/g, "tracepoint:net:net_dev_queue")
    .replaceAll(/probe:\/proc\/\d+\/map_files\/[\w-]+:/g, `probe:${process.execPath}:`);
const samplesIn = (folder: SampleFolder, sample: string) =>
  (folder.read(sample) ?? "").split(/^(?=\/\/ \{)/m);
const samplesOf = definitions.map(
  ({ layer, definition }) => [definition.name, new SampleFolder(layer)] as const,
);

describe.skipIf(lacking.length > 0)(
  "every clause of a sample has less than 4,096 instructions, as kernels before 5.2 allow",
  () => {
    let place: string;
    beforeAll(() => {
      place = mkdtempSync(join(tmpdir(), "skbook-elf-"));
    });
    afterAll(() => rmSync(place, { recursive: true }));

    // Arguments of tracepoints are read by their offsets there: bpftrace needs to know nothing of the kernel that it was written for, nor does it.
    const kernel = "no-btf";
    const withoutBtf = environment({ ...sampleTarget(emptyTarget(kernel), kernel, []), snapshot: {} });
    test.each(samplesOf)("%s", (name, folder) => {
      for (const [index, written] of samplesIn(folder, `${name}.${kernel}.bt`).entries()) {
        const program = onThisMachine(written);
        const file = join(place, `${name}-${index}`);
        const [begin = "", ...words] = [...withoutBtf, "bpftrace", "--emit-elf", file, "-e", program];
        execFileSync(begin, words, {
          stdio: ["ignore", "ignore", "pipe"],
        });
        const sizes = clauseSizes(readFileSync(file)) ?? [];
        expect(sizes.length, program.split("\n")[0]).toBeGreaterThan(2);
        for (const { clause, instructions } of sizes)
          expect(instructions, `${clause} of ${program.split("\n")[0]}`).toBeLessThan(4_096);
      }
    });
  },
);

// What reads the records of a switch's module needs the module; functions may not be there to attach to.
describe.skipIf(!types || lacking.includes("tracing"))("bpftrace takes the typed program of", () => {
  test.each(samplesOf)("%s", (name, folder) => {
    for (const program of samplesIn(folder, typedSample(name))) {
      if (program.includes("tracepoint:openvswitch:")) continue;
      const command = ["--emit-elf", "/dev/null", "-e", onThisMachine(program)];
      const { stderr } = spawnSync("bpftrace", command, { encoding: "utf8" });
      const refusals = stderr.split("\n").filter((line) => line.includes("ERROR"));
      expect(refusals.filter((line) => !/No matches for [ku]\w*probe/.test(line))).toEqual([]);
    }
  });
});
