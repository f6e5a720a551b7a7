import type { checkProbe, Probe } from "../lib/probes/index.js";
import * as backlog from "./backlog/index.js";
import * as conntrack from "./conntrack/index.js";
import * as defrag from "./defrag/index.js";
import * as device from "./device/index.js";
import * as drop from "./drop/index.js";
import * as echo from "./echo/index.js";
import * as gaps from "./gaps/index.js";
import * as irq from "./irq/index.js";
import * as ovs from "./ovs/index.js";
import * as path from "./path/index.js";
import * as qdisc from "./qdisc/index.js";
import * as scheduler from "./scheduler/index.js";
import * as softirq from "./softirq/index.js";
import * as stages from "./stages/index.js";
import * as tcp from "./tcp/index.js";

/** A probe with whatever parameters. */
export type AnyProbe = {
  readonly definition: Parameters<typeof checkProbe>[1];
};

/** What cells can't call: a part of `dropReport`. */
const { dropsByPlace: _, ...drops } = drop;

/** All probes that come with skbook, by the order of their layers, and by name: a bundler may give exports in another order than Node. */
export const catalogue: readonly AnyProbe[] = [
  drops,
  qdisc,
  conntrack,
  defrag,
  path,
  echo,
  gaps,
  ovs,
  stages,
  device,
  backlog,
  irq,
  softirq,
  scheduler,
  tcp,
]
  .flatMap((layer) => Object.entries<unknown>(layer).sort(([one], [other]) => (one < other ? -1 : 1)))
  .map(([, value]) => value)
  .filter(isProbe);

function isProbe(value: unknown): value is Probe<never, "table" | "frame"> {
  return typeof value === "function" && "definition" in value;
}
