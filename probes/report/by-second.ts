import { z } from "zod";
import { bpftrace, defineProbe, Fragment, type Probe } from "../../lib/probes/index.js";
import { type Column, unixNanoseconds, type Value } from "../../lib/tables/index.js";
import { dropHook, reasonName, reasonNotes } from "../drop/hook.js";
import { type DropKey, keyParts, keyProgram, keyReader } from "../drop/keys.js";
import { dropClause, reasonOfDrop } from "../drop/program.js";
import type { PacketKind } from "../packet/fields.js";

const by: readonly DropKey[] = ["reason", "site", "device", "flow"];
const placeColumns: readonly Column[] = by.flatMap((key) => keyParts[key].columns);
const nsPerSecond = 1_000_000_000n;

/**
 * Counts every drop twice, by place and flow and by the second, so that neither multiplies the room that the other needs: rows of places have a
 * `site` and no `time_ns`, those of seconds have `time_ns`, `reason` and `drops` alone. What {@link dropReport} is made of.
 */
export const dropsBySecond: Probe<object, "frame"> = defineProbe({
  name: "dropsBySecond",
  shape: "frame",
  revision: 1,
  measures: "packets that the kernel dropped, counted in the kernel by place and flow, and by the second",
  parameters: z.strictObject({}),
  hooks: { required: [dropHook] },
  columns: [
    ...placeColumns,
    {
      name: "time_ns",
      type: "BIGINT",
      unit: unixNanoseconds,
      meaning: "middle of the second that is counted; null in counts of the whole time",
    },
    { name: "drops", type: "BIGINT", unit: "packets", meaning: "packets dropped" },
  ],
  countMap: "@drops",
  program(_, target) {
    const second = bpftrace`@seconds[nsecs / 1000000000, ${new Fragment(reasonOfDrop(target))}] = count();`;
    const count = (kind: PacketKind) =>
      bpftrace`@matched = count(); @drops[${new Fragment(keyProgram(by, kind, target))}] = count(); ${second}`;
    return dropClause({}, target, {
      ipv4: count("ipv4"),
      ipv6: count("ipv6"),
      other: count("other"),
    });
  },
  decode(record, { target, unixTime }) {
    if (record.type !== "map") return [];
    if (record.name === "@drops") {
      const valuesOf = keyReader(by, target);
      return record.entries.map(([key, count]): Value[] => [...valuesOf(key), null, Number(count)]);
    }
    if (record.name !== "@seconds") return [];
    return record.entries.map(([key, count]): Value[] => {
      const [second = "", reason = ""] = key.split(",");
      const middle = BigInt(second) * nsPerSecond + nsPerSecond / 2n;
      const rest = placeColumns.slice(1).map(() => null);
      return [reasonName(target, reason), ...rest, unixTime(String(middle)), Number(count)];
    });
  },
  notes: reasonNotes,
});
