import type { Column, Value } from "../../../tables/index.js";
import type { Maps, ReadContext } from "../../field.js";
import { flowField, flowWords } from "../../packet/fields.js";
import { type Bpf, bpf, joined } from "../../text/bpf.js";
import { BpfMap } from "../../text/maps.js";
import type { Numbers } from "./following.js";

// Flows are told apart by numbers, which go with their packets. Each CPU gives its own: two CPUs that see a flow's first packets at the same instant
// may give it a number each, and what was counted by both is put together at the end.

/** Flows that are told apart, about: the packets of all later ones have no number. */
export const maxFlows = 128;
/** Numbers that a CPU has, in 8 bits. */
const numbersOfCpu = 255;

const numberByFlow = new BpfMap("flow", false);
/** With the flow in the key, since numbers of 64 bits are printed exactly there alone. */
const flowByNumber = new BpfMap("flow_of", false);
const given = new BpfMap("flows", false);
const givenByCpu = new BpfMap("flows_of", false);
/** Of the packet that a CPU has just seen coming in: its number, and its sk_buff. */
const [numberNow, packetNow] = [new BpfMap("flow_now", false), new BpfMap("flow_skb", false)];

const cpu = bpf`cpu`;
const words = flowWords.map((_, index) => bpf`$flow${index}`);
const reads = flowWords.map((word, index) => bpf`${words[index] as Bpf} = ${word};`);

/** Numbers by flow, as it stands in the header of a packet that comes in; 0 where it has none. */
export const flowNumbers: Numbers = {
  before: bpf`${joined(reads, " ")}
  $number = ${numberByFlow.at(...words)}; $taken = ${givenByCpu.at(cpu)} + 1;
  if ($number == 0 && ${given.at()} < ${maxFlows} && $taken <= ${numbersOfCpu}) {
    $number = cpu << 8 | $taken; ${givenByCpu.at(cpu)} = $taken; ${given.at()}++;
    ${numberByFlow.at(...words)} = $number; ${flowByNumber.at(bpf`$number`, ...words)} = 1;
  }
  ${numberNow.at(cpu)} = $number; ${packetNow.at(cpu)} = $skb;`,
  set: bpf`$number = ${numberNow.at(cpu)}; if (${packetNow.at(cpu)} != $skb) { $number = 0; }`,
  max: 2 ** 22 - 1,
  counted: true,
};

export const flowColumns: readonly Column[] = flowField.columns.map((column) => ({
  ...column,
  meaning: `${column.meaning}, as it came in; null: of all flows`,
}));

/** A flow that was seen, and the numbers that it was given. */
export interface Flow {
  values: readonly Value[];
  numbers: ReadonlySet<number>;
}

export function flowsOf(maps: Maps, context: ReadContext): Flow[] {
  const flows = new Map<string, { values: readonly Value[]; numbers: Set<number> }>();
  for (const key of maps.get(flowByNumber.name)?.keys() ?? []) {
    const [number, ...said] = key.split(",");
    const flow = flows.get(said.join()) ?? { values: flowField.read(said, context), numbers: new Set() };
    flow.numbers.add(Number(number));
    flows.set(said.join(), flow);
  }
  return [...flows.values()];
}
