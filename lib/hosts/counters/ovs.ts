import type { Counter } from "./counter.js";

/** Of each datapath of Open vSwitch: packets that met a flow, that went to user space (missed), and of these the lost ones. */
export function ovsCounters(text: string): Counter[] {
  const datapaths = [...text.matchAll(/^(\S+):\n\s+lookups: (.*)$/gm)];
  return datapaths.flatMap(([, subject = "", lookups = ""]) =>
    [...lookups.matchAll(/(\w+):(\d+)/g)].map(([, name = "", value = ""]): Counter => {
      return {
        ...{ source: "ovs", netns: null, subject, name, value: BigInt(value), unit: "packets" },
        ...{ loss: name === "lost", bits: 64, identity: "" },
      };
    }),
  );
}
