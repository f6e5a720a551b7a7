import { type Column, completeProvenance, createFrame, type Frame, type Value } from "../../tables/index.js";
import type { Host } from "../host.js";
import type { Reading } from "../read-sections.js";
import { timeOf } from "../sections.js";
import { cpuRoot, listed, listNodes, nodesOf } from "./cpu-list.js";
import { type CounterOptions, printUptime, readTwice } from "./twice.js";

const columns: Column[] = [
  { name: "cpu", type: "INTEGER", meaning: "number of the CPU" },
  { name: "numa_node", type: "INTEGER", meaning: "NUMA node that it belongs to" },
  { name: "siblings", type: "VARCHAR", meaning: "CPUs that are threads of the same core, itself among them" },
  { name: "isolated", type: "BOOLEAN", meaning: "the scheduler puts no thread there by itself (isolcpus)" },
  { name: "tickless", type: "BOOLEAN", meaning: "has no timer tick while one thread runs there (nohz_full)" },
  { name: "governor", type: "VARCHAR", meaning: "who decides on its frequency; null: nobody does" },
  {
    name: "idle_driver",
    type: "VARCHAR",
    meaning: "who puts it into idle states; null: the kernel has none",
  },
  { name: "idle_state", type: "VARCHAR", meaning: "state of idleness, as its folder in sysfs is named" },
  { name: "idle_name", type: "VARCHAR", meaning: "its name, as C1 or POLL" },
  {
    name: "idle_latency_us",
    type: "BIGINT",
    unit: "us",
    meaning: "how long the way out of it takes, as the firmware says, or the driver",
  },
  {
    name: "idle_residency_us",
    type: "BIGINT",
    unit: "us",
    meaning: "how long it has to last to be worth it, as they say",
  },
  { name: "idle_disabled", type: "BOOLEAN", meaning: "it is not to be used" },
  { name: "idle_entries", type: "BIGINT", meaning: "times that the CPU went into it, between the readings" },
  {
    name: "idle_ns",
    type: "BIGINT",
    unit: "ns",
    meaning: "time that the CPU was in it, between the readings",
  },
  {
    name: "idle_percent",
    type: "DOUBLE",
    unit: "%",
    meaning: "idle_ns of the time between the readings",
  },
  { name: "idle_too_deep", type: "BIGINT", meaning: "times that a lighter one would have been better" },
  { name: "idle_too_light", type: "BIGINT", meaning: "times that a deeper one would have been better" },
];

const root = cpuRoot;
const names = ["name", "latency", "residency", "disable", "usage", "time", "above", "below"];
/** Lines begin with the path of their file. */
const files = (where: string, depth: number, all: readonly string[]) =>
  `find ${where} -maxdepth ${depth} \\( ${all.map((name) => `-name ${name}`).join(" -o ")} \\) -exec grep -H . {} + | tr -d '\\036\\037'`;
const script = [
  `export LC_ALL=C; say began; date +%s%N; say at; ${printUptime}`,
  `say online; cat ${root}/online; say isolated; cat ${root}/isolated; say tickless; cat ${root}/nohz_full`,
  `say driver; cat ${root}/cpuidle/current_driver; say nodes; ${listNodes}`,
  `say siblings; ${files(`${root}/cpu[0-9]*/topology/`, 1, ["thread_siblings_list"])}`,
  `say governors; ${files(`${root}/cpu[0-9]*/cpufreq/`, 1, ["scaling_governor"])}`,
  `say states; ${files(`${root}/cpu[0-9]*/cpuidle/state[0-9]*/`, 1, names)}`,
  "say ended; date +%s%N",
].join("; ");

/**
 * Says of each CPU of a host what lets it answer late: its states of idleness with the time that the way out of them takes, and how often it was in them between two moments, who decides on
 * its frequency, whether it is isolated, and its NUMA node. Nothing is attached or changed, and no root is needed. {@link wakeupSummary} measures what these states cost.
 *
 * Columns: `cpu`, `numa_node`, `siblings`, `isolated`, `tickless`, `governor`, `idle_driver`; of each state of idleness `idle_state`, `idle_name`, `idle_latency_us`, `idle_residency_us`,
 * `idle_disabled`, `idle_entries`, `idle_ns`, `idle_percent`, `idle_too_deep`, `idle_too_light`. A CPU has a row for each of its states; one row, with nulls, where its kernel has none. In a
 * guest these are states of the virtual CPU: what the host's CPU does meanwhile the host says. Percentages are by times in hundredths of a second; what an idle time that still goes on adds
 * is counted when it is over.
 *
 * @throws SkbookError `BAD_PARAMETER`, `DURING_FAILED`, `INTERRUPTED`, `LEASE_EXPIRED`, `CONNECTION_LOST`, and the host's own; in a replay `NOT_RECORDED`.
 * @example await cpuFacts(host, { seconds: 5 })
 */
export async function cpuFacts(host: Host, options: CounterOptions = {}): Promise<Frame> {
  return cpuFactsOf(host.name, ...(await readTwice(host, "cpuFacts", "cpus", script, options)));
}

/** What two readings say; the same for live and replayed ones. */
export function cpuFactsOf(host: string, before: Reading, after: Reading): Frame {
  const { sections } = after;
  const elapsedNs = (Number(sections.at) - Number(before.sections.at)) * 1e9;
  const [isolated, tickless] = [listed(sections.isolated), listed(sections.tickless)];
  const [siblings, governors] = [valuesOf(sections.siblings), valuesOf(sections.governors)];
  const [then, now] = [valuesOf(before.sections.states), valuesOf(sections.states)];
  const nodes = nodesOf(sections.nodes);
  const rows = [...listed(sections.online)].flatMap((cpu): Value[][] => {
    const facts: Value[] = [
      ...[cpu, nodes.get(cpu) ?? null, siblings.get(`${cpu}/topology/thread_siblings_list`) ?? null],
      ...[isolated.has(cpu), tickless.has(cpu), governors.get(`${cpu}/cpufreq/scaling_governor`) ?? null],
      sections.driver === undefined || sections.driver === "" ? null : sections.driver,
    ];
    const folder = (state: number) => `${cpu}/cpuidle/state${state}`;
    const states: Value[][] = [];
    for (let state = 0; now.has(`${folder(state)}/name`); state++) {
      const of = (name: string) => numberOf(now.get(`${folder(state)}/${name}`));
      const since = (name: string) => {
        const [last, first] = [of(name), numberOf(then.get(`${folder(state)}/${name}`))];
        return last === null || first === null ? null : last - first;
      };
      const time = since("time");
      const disabled = of("disable");
      states.push([
        ...[`state${state}`, now.get(`${folder(state)}/name`) ?? null, of("latency"), of("residency")],
        ...[disabled === null ? null : disabled !== 0, since("usage")],
        ...(time === null ? [null, null] : [time * 1_000, (100_000 * time) / elapsedNs]),
        ...[since("above"), since("below")],
      ]);
    }
    const none: Value[] = Array(columns.length - facts.length).fill(null);
    return (states.length === 0 ? [none] : states).map((one) => [...facts, ...one]);
  });
  return createFrame(
    columns,
    rows,
    completeProvenance("cpuFacts", {
      host,
      recordingId: after.recordingId,
      startedAt: timeOf(before.sections.began),
      endedAt: timeOf(sections.ended),
      partial: before.partial || after.partial,
      notes: now.size > 0 ? [] : ["the host's kernel has no states of idleness to tell of (cpuidle)"],
      details: { before: before.recordingId },
    }),
  );
}

/** Values of files of CPUs, by what their path has behind `cpu`. */
function valuesOf(text = ""): Map<string, string> {
  return new Map(
    text.split("\n").flatMap((line): [string, string][] => {
      const [, path = "", value] =
        /^\/sys\/devices\/system\/cpu\/cpu(\d+\/[\w/]+):(.*)$/.exec(line.replaceAll("//", "/")) ?? [];
      return value === undefined ? [] : [[path, value]];
    }),
  );
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : null;
}
