import { readFile } from "node:fs/promises";
import { classifyDrops, type DropReport, dropReport, dropRules } from "../../../lib/index.js";
import { dropReportRules } from "../../../probes/report/rules.js";
import type { KernelVersion } from "../kernels.js";
import type { Lab } from "../lab.js";
import { rowsOf } from "../layers.js";
import { script } from "../script.js";
import { patience } from "../sightings.js";
import { expectedOn, type Scene } from "./scene.js";

/** What was said of a scene. */
export interface RuleComparison {
  scene: string;
  kernel: KernelVersion;
  rule: string;
  said: "fired" | "silent";
  /** `ok`, `unseen` where that kernel can't show it, or what is wrong. */
  verdict: string;
  /** What it said, in words. */
  beside: string;
}

/** What is somebody's: a row of evidence, or a drop. */
interface Saying {
  rule: string;
  netns: string | null;
  /** Where there is no namespace. */
  text: string;
}

const allRules = [...Object.keys(dropReportRules), ...dropRules.map(({ id }) => id)];
const play = "/run/lab/play";

/** Plays scenes, one after the other, while a report is taken, and says what that said of each. */
export async function compareRules(lab: Lab, scenes: readonly Scene[]): Promise<RuleComparison[]> {
  const text = await readFile("test/lab/rules/play.py", "utf8");
  const made = scenes.flatMap(machines);
  await script(lab.host, [`cat >${play} <<'END'\n${text}\nEND`, `chmod +x ${play}`, ...made]);
  try {
    const failed: RuleComparison[] = [];
    const report = await dropReport(lab.host, {
      ...patience,
      during: async () => {
        for (const [index, scene] of scenes.entries()) {
          await playScene(lab, scene, index).catch((error: Error) => {
            const of = { scene: scene.name, kernel: lab.kernel, rule: "-", said: "silent" as const };
            failed.push({ ...of, verdict: "failed", beside: error.message.replaceAll(/\s+/g, " ") });
          });
        }
      },
    });
    return [...failed, ...(await judged(lab.kernel, scenes, report))];
  } finally {
    await script(lab.host, [
      "for n in $(ip netns list | sed -n 's/^\\(scene-[^ ]*\\).*/\\1/p'); do ip netns del $n; done",
    ]);
  }
}

async function playScene(lab: Lab, scene: Scene, index: number): Promise<void> {
  const { put = [], act, undo = [] } = scene;
  const lines = [
    prelude(scene, index),
    `undo() { ${[":", ...undo].join("; ")}; }`,
    "trap undo EXIT",
    ...put,
    ...act,
    "sleep 0.3",
  ];
  await script(lab.host, lines, `the scene ${scene.name}`);
}

const netnsOf = ({ name }: Scene) => `scene-${name}`;
const networkOf = (index: number) => `10.77.${index + 1}`;

function prelude(scene: Scene, index: number): string {
  const [name, net] = [netnsOf(scene), networkOf(index)];
  return [
    `name=${name}; net=${net}; a=${net}.1; b=${net}.2; a6=fd77:${index + 1}::1; b6=fd77:${index + 1}::2`,
    `A='nsenter --net=/run/netns/${name}-a'; B='nsenter --net=/run/netns/${name}-b'; T=/mnt/traffic; P=${play}`,
    "C='nsenter --net=/run/netns/client /mnt/traffic'; V='nsenter --net=/run/netns/vm1 /mnt/traffic'",
    "BG=/mnt/background; FG=/mnt/finish",
    `macA=${macOf(index, 0)}; macB=${macOf(index, 1)}`,
  ].join("\n");
}

const macOf = (index: number, end: number) => `02:77:00:00:${(index + 16).toString(16)}:0${end + 1}`;

/** Two network namespaces with an interface of the same name each, as machines have; few processes, for these are dear in an emulated machine. */
function machines(scene: Scene, index: number): string[] {
  if (scene.of !== undefined) return [];
  const ends = ["a", "b"].map((end) => `${netnsOf(scene)}-${end}`) as [string, string];
  return [
    `printf 'netns add %s\\n' ${ends.join(" ")} | ip -batch -`,
    `ip -n ${ends[0]} link add eth0 address ${macOf(index, 0)} type veth peer name eth0 address ${macOf(index, 1)} netns ${ends[1]}`,
    ...ends.flatMap((name, at) => [
      `nsenter --net=/run/netns/${name} sysctl -qw net.ipv6.conf.default.router_solicitations=0 net.ipv6.conf.eth0.router_solicitations=0`,
      `ip -n ${name} -batch - <<'END'`,
      "link set lo up",
      `addr add ${networkOf(index)}.${at + 1}/24 brd + dev eth0`,
      `addr add fd77:${index + 1}::${at + 1}/64 dev eth0 nodad`,
      "link set eth0 up",
      "END",
    ]),
  ];
}

async function judged(
  kernel: KernelVersion,
  scenes: readonly Scene[],
  report: DropReport,
): Promise<RuleComparison[]> {
  const sayings = [...found(report), ...(await decided(report))];
  const owner = (saying: Saying) => scenes.find((scene, index) => isOf(saying, scene, index, scenes));
  const own = new Map<Scene | undefined, Saying[]>();
  for (const saying of sayings) own.set(owner(saying), [...(own.get(owner(saying)) ?? []), saying]);
  const lost = report.drops.provenance.lost;
  return [
    ...scenes.flatMap((scene) => comparisons(kernel, scene, own.get(scene) ?? [])),
    ...(own.get(undefined) ?? [])
      .filter(({ rule }) => rule in dropReportRules)
      .map(({ rule, text }) => ({
        ...{ scene: "-", kernel, rule, said: "fired" as const, verdict: "nobody's", beside: text },
      })),
    ...health(kernel, scenes, report),
    ...(lost === 0
      ? []
      : [{ scene: "-", kernel, rule: "-", said: "silent" as const, verdict: `lost ${lost}`, beside: "" }]),
  ];
}

function comparisons(kernel: KernelVersion, scene: Scene, sayings: readonly Saying[]): RuleComparison[] {
  const expected = [...expectedOn<string>(scene.finds, kernel), ...expectedOn(scene.decides, kernel)];
  const elsewhere = (["5.10", "6.1", "6.12"] as const).flatMap((other) => [
    ...expectedOn<string>(scene.finds, other),
    ...expectedOn(scene.decides, other),
  ]);
  const spared = new Set([...(scene.spares ?? []), ...Object.keys(dropReportRules)]);
  return allRules.flatMap((rule): RuleComparison[] => {
    const beside = sayings.filter((one) => one.rule === rule).map(({ text }) => text);
    const fired = beside.length > 0;
    const base = { scene: scene.name, kernel, rule, said: fired ? ("fired" as const) : ("silent" as const) };
    const words = [...new Set(beside)].slice(0, 3).join(" | ");
    if (expected.includes(rule)) return [{ ...base, verdict: fired ? "ok" : "missing", beside: words }];
    if (fired && spared.has(rule)) return [{ ...base, verdict: "false", beside: words }];
    if (elsewhere.includes(rule)) return [{ ...base, verdict: fired ? "ok" : "unseen", beside: words }];
    if (scene.spares?.includes(rule)) return [{ ...base, verdict: "ok", beside: words }];
    return [];
  });
}

/** A sound host's is the best; one with a HIGH finding is poor at most. */
function health(kernel: KernelVersion, scenes: readonly Scene[], { findings }: DropReport): RuleComparison[] {
  const { score, grade } = findings.health;
  const isHealthy = scenes.every((scene) => expectedOn(scene.finds, kernel).length === 0);
  const worst = [...findings][0];
  const fits = isHealthy ? score === 100 : worst?.severity !== "HIGH" || (score !== null && score < 50);
  const beside = `${score} of 100, ${grade}; ${findings.ids.join(", ")}`;
  const scene = `${scenes[0]?.name} to ${scenes.at(-1)?.name}`;
  return [
    {
      scene,
      kernel,
      rule: "health",
      said: isHealthy ? "silent" : "fired",
      verdict: fits ? "ok" : "false",
      beside,
    },
  ];
}

/** Every row of evidence of every finding. */
function found({ findings }: DropReport): Saying[] {
  return [...findings].flatMap(({ id, evidence }) =>
    rowsOf(evidence).map((row) => ({
      rule: id,
      netns: row.netns as string | null,
      text: ["reason", "site", "device", "worst_flow", "netns", "subject", "counter", "drops", "change"]
        .flatMap((name) => (row[name] === undefined || row[name] === null ? [] : [String(row[name])]))
        .join(" "),
    })),
  );
}

/** What decided on the drops: of the report, and of these with no more than {@link dropSummary} says by default. */
async function decided({ drops }: DropReport): Promise<Saying[]> {
  const bare = rowsOf(await classifyDrops(await drops.sql("SELECT reason, site, device FROM this")));
  return rowsOf(drops).flatMap((row, index) => {
    const text = [row.reason, row.site, row.device, row.worst_flow, row.drops].map(String).join(" ");
    return [row.rule, bare[index]?.rule].map((rule) => ({
      rule: String(rule ?? "-"),
      netns: row.netns as string | null,
      text,
    }));
  });
}

function isOf({ rule, netns, text }: Saying, scene: Scene, index: number, all: readonly Scene[]): boolean {
  if (scene.wholeHost?.includes(rule) && netns === null) return true;
  const namespaces = scene.of?.namespaces ?? ["a", "b"].map((end) => `${netnsOf(scene)}-${end}`);
  if (netns !== null) return namespaces.includes(netns);
  if (all.some((one) => one.wholeHost?.includes(rule))) return false;
  const addresses = scene.of?.addresses ?? [`${networkOf(index)}.`, `fd77:${index + 1}::`];
  return addresses.some((one) => text.includes(` ${one}`));
}
