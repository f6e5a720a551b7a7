import type { Frame, Value } from "../tables/index.js";
import { captioned } from "./caption.js";
import { Figure } from "./figure.js";
import { needsColumns } from "./needs.js";
import { nothing } from "./nothing.js";
import { wholeNumber } from "./options.js";
import { textWidth } from "./static/index.js";
import { defaultSize, grey, palette } from "./style.js";
import { counted, label, percent } from "./text.js";
import { approximately, shownSpan, spanText } from "./time.js";

/** How {@link flameGraph} draws. */
export interface FlameGraphOptions {
  /** Functions of less than this part of the whole, in thousandths, are not drawn: 1 to 100. Default 2. */
  leastPermille?: number;
}

const wanted = {
  figure: "flameGraph",
  made: 'offCpuSummary(host, { seconds: 10, by: ["command", "stack", "user_stack"] })',
};
const barHeight = 22;
const textSize = 11;
/** What is left of the width beside margins and legend. */
const plotWidth = defaultSize.width - 200;

type Kind = "command" | "program" | "kernel";
const colors: Record<Kind, string> = { command: grey, program: palette[4], kernel: palette[1] };

/** A function within those that called it. */
class Node {
  ns = 0;
  readonly inner = new Map<string, Node>();

  constructor(
    readonly name: string,
    readonly kind: Kind,
  ) {}

  at(name: string, kind: Kind): Node {
    const key = `${kind} ${name}`;
    const found = this.inner.get(key) ?? new Node(name, kind);
    this.inner.set(key, found);
    return found;
  }
}

/** The functions of a stack, outermost first, without the places in them. */
function functionsOf(stack: unknown): string[] {
  if (typeof stack !== "string") return [];
  return stack
    .split(" < ")
    .map((one) => one.replace(/\+\d+$/, ""))
    .reverse();
}

function treeOf(summary: Frame): Node {
  const at = (name: string) => summary.columns.indexOf(name);
  const [command, stack, user, total] = [at("command"), at("stack"), at("user_stack"), at("total_ns")];
  const root = new Node("all", "command");
  for (const row of summary.values as Value[][]) {
    const path: [string, Kind][] = [
      ...(command < 0 ? [] : [[String(row[command] ?? "unknown"), "command"] as [string, Kind]]),
      ...functionsOf(row[user]).map((name): [string, Kind] => [name, "program"]),
      ...functionsOf(row[stack]).map((name): [string, Kind] => [name, "kernel"]),
    ];
    const ns = Number(row[total] ?? 0);
    let node = root;
    node.ns += ns;
    for (const [name, kind] of path) {
      node = node.at(name, kind);
      node.ns += ns;
    }
  }
  return root;
}

/** Rows that have samples, and no sum of them. */
function withoutSum({ columns, values }: Frame): number {
  const [total, bound] = [columns.indexOf("total_ns"), columns.indexOf("p50_low_ns")];
  return (values as Value[][]).filter((row) => row[total] === null && (row[bound] ?? null) !== null).length;
}

interface Bar {
  node: Node;
  depth: number;
  startNs: number;
}

/** What is wide enough, each above what called it, the widest first. */
function barsOf(root: Node, leastNs: number): Bar[] {
  const bars: Bar[] = [];
  const place = (node: Node, depth: number, startNs: number) => {
    bars.push({ node, depth, startNs });
    let at = startNs;
    for (const one of [...node.inner.values()].sort((a, b) => b.ns - a.ns || (a.name < b.name ? -1 : 1))) {
      if (one.ns >= leastNs) place(one, depth + 1, at);
      at += one.ns;
    }
  };
  if (root.ns > 0) place(root, 0, 0);
  return bars;
}

/** What of a name fits in a bar. */
function fitting(name: string, width: number): string {
  if (textWidth(name, textSize) + 8 <= width) return name;
  for (let length = name.length - 1; length > 2; length--) {
    const cut = `${name.slice(0, length)}…`;
    if (textWidth(cut, textSize) + 8 <= width) return cut;
  }
  return "";
}

/**
 * Flame graph of stacks: what threads waited for, or held, by the functions that they were in. Each bar is a function; its width is the time of all stacks in which it stands there, and what it called
 * stands above it. At the bottom are commands, then functions of the program, then those of the kernel.
 *
 * @param summary as `offCpuSummary` or `futexSummary` returns it, with `stack`, `user_stack` or both in `by`
 * @throws SkbookError `BAD_PARAMETER` for another table, or an option out of range
 * @example await flameGraph(await offCpuSummary(host, { seconds: 10, by: ["command", "stack", "user_stack"] }))
 */
export async function flameGraph(
  summary: Frame,
  { leastPermille = 2 }: FlameGraphOptions = {},
): Promise<Figure> {
  wholeNumber("flameGraph", "leastPermille", leastPermille, 1, 100);
  const hasStack = typeof summary === "object" && summary?.columns?.includes("stack");
  needsColumns(wanted, summary, ["total_ns", hasStack ? "stack" : "user_stack"]);
  const { provenance } = summary;
  const root = treeOf(summary);
  const bars = barsOf(root, (root.ns * leastPermille) / 1_000);
  const depth = bars.reduce((most, one) => Math.max(most, one.depth), 0);
  const span = shownSpan(provenance, null);
  const unknown = withoutSum(summary);
  const caption = captioned({
    title: "Stacks by time",
    facts: [
      ...(span === null ? [] : [spanText(span)]),
      `${approximately(root.ns)} in ${counted(summary.shape[0] ?? 0, "row")}`,
      `functions below ${leastPermille / 10} % are not drawn`,
    ],
    sources: [{ provenance, of: "event" }],
    warnings: unknown === 0 ? [] : [`${counted(unknown, "row")} of unknown time not drawn`],
  });
  const titles: Record<Kind, string> = { command: "command", program: "program", kernel: "kernel" };
  const kinds = (Object.keys(titles) as Kind[]).filter((kind) => bars.some(({ node }) => node.kind === kind));
  return new Figure({
    data: kinds.map((kind) => {
      const own = bars.filter(({ node }) => node.kind === kind);
      return {
        type: "bar",
        orientation: "h",
        name: titles[kind],
        x: own.map(({ node }) => node.ns / 1e6),
        base: own.map(({ startNs }) => startNs / 1e6),
        y: own.map((one) => one.depth),
        width: own.map(() => 0.94),
        text: own.map(({ node }) => label(fitting(node.name, (plotWidth * node.ns) / root.ns))),
        textposition: "inside",
        insidetextanchor: "start",
        textangle: 0,
        constraintext: "none",
        textfont: { size: textSize, color: "#000000" },
        marker: { color: colors[kind], line: { color: "#FFFFFF", width: 0.5 } },
        hovertext: own.map(
          ({ node }) => `${label(node.name)}: ${approximately(node.ns)}, ${percent(node.ns, root.ns)}`,
        ),
        hoverinfo: "text",
      };
    }),
    layout: {
      ...caption,
      height: Number((caption.margin as { t: number }).t) + 56 + barHeight * Math.max(depth + 1, 6),
      margin: { ...(caption.margin as object), l: 24 },
      barmode: "overlay",
      showlegend: true,
      hovermode: "closest",
      xaxis: { title: { text: "Time of all threads (ms)" }, range: [0, Math.max(root.ns, 1) / 1e6] },
      yaxis: { visible: false, range: [-0.6, Math.max(depth, 5) + 0.6] },
      ...(bars.length === 0 ? nothing(caption, "stacks", provenance) : {}),
    },
  });
}
