import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Topology, topologyOf } from "../../../lib/hosts/topology/topology.js";
import type { Value } from "../../../lib/index.js";

/**
 * What a lab host said: three machines (one with a multiqueue tap, a tap whose back end is JSON, and a macvtap), Open vSwitch with a bond, a
 * patch and a tunnel, a Linux bridge on a VLAN of a bond, four network namespaces.
 */
export const labSections: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(fileURLToPath(new URL("lab.json", import.meta.url)), "utf8"),
);

/** The topology of such a reading, with sections put in place of its own. */
export function topologyWith(
  own: Record<string, string | undefined> = {},
  base: Readonly<Record<string, string>> = labSections,
): Topology {
  const all = Object.entries({ ...base, ...own }).filter(([, text]) => text !== undefined);
  const sections = Object.fromEntries(all) as Record<string, string>;
  return topologyOf("root@192.0.2.10", { sections, partial: false, recordingId: null });
}

/** Rows as objects of the columns asked for. */
export function picked(
  { columns, values }: { columns: string[]; values: unknown },
  ...names: string[]
): Record<string, Value>[] {
  return (values as Value[][]).map((row) =>
    Object.fromEntries(names.map((name) => [name, row[columns.indexOf(name)] ?? null])),
  );
}
