import {
  BpfMap,
  bpf,
  defineCounts,
  deviceField,
  flowField,
  makeProbe,
  type Probe,
} from "../../lib/probes/index.js";
import { unixNanoseconds, type Value } from "../../lib/tables/index.js";
import {
  dropHook,
  dropHooks,
  dropNotes,
  dropped,
  netnsField,
  packetTypeField,
  reasonField,
  siteField,
  tcpField,
  whenDrop,
} from "./drops.js";

const nsPerSecond = 1_000_000_000n;
const seconds = new BpfMap("seconds", true);
/** Reason, function, device with its namespace, whom the frame and the segment were for, and flow. */
const places = [reasonField, siteField, deviceField, netnsField, packetTypeField, tcpField, flowField];

const byPlace = defineCounts({
  name: "dropsByPlace",
  revision: 2,
  measures: "packets that the kernel dropped, counted in the kernel by place and flow, and by the second",
  hooks: dropHooks,
  fields: places,
  total: { name: "drops", unit: "packets", meaning: "packets dropped" },
  program: ({ on, packet, count, site }) =>
    on(
      dropHook,
      (at) => {
        const second = seconds.at(bpf`nsecs / ${nsPerSecond}`, ...reasonField.say(at));
        return packet(at, dropped(at), bpf`${count(at)} ${second} = count();`);
      },
      { when: whenDrop(site.target) },
    ),
  notes: dropNotes,
}).definition;

/**
 * What {@link dropReport} is made of. Every drop is counted twice, by place and flow and by the second, so that neither multiplies the room that the other needs: rows
 * of places have a `site` and no `time_ns`, those of seconds have `time_ns`, `reason` and `drops` alone.
 */
export const dropsByPlace: Probe<object, "frame"> = makeProbe({
  ...byPlace,
  columns(given) {
    const all = byPlace.columns(given);
    const time = {
      name: "time_ns",
      type: "BIGINT" as const,
      unit: unixNanoseconds,
      meaning: "middle of the second that is counted; null in counts of the whole time",
    };
    return [...all.slice(0, -1), time, ...all.slice(-1)];
  },
  conclude(maps, context) {
    const ofPlaces = byPlace.conclude?.(maps, context) ?? [];
    const nothing = places
      .flatMap(({ columns }) => columns)
      .slice(1)
      .map(() => null);
    const ofSeconds = [...(maps.get(seconds.name) ?? [])].map(([key, count]): Value[] => {
      const [second = "0", reason = ""] = key.split(",");
      const middle = BigInt(second) * nsPerSecond + nsPerSecond / 2n;
      return [
        ...reasonField.read([reason], context),
        ...nothing,
        context.unixTime(String(middle)),
        Number(count),
      ];
    });
    return [...ofPlaces.map((row) => [...row.slice(0, -1), null, ...row.slice(-1)]), ...ofSeconds];
  },
});
