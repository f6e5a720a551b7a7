import { attachTo, bpftrace, type Fragment, integer, joined, type Target } from "../../lib/probes/index.js";
import { type PacketActions, parsePacket } from "../packet/parse.js";
import type { DropFilters } from "./filters.js";
import { dropHook, hasReasons, lowestReason, reasonNumbers } from "./hook.js";

/** Program text for what skb:kfree_skb says of a drop. */
export const drop = {
  time: "nsecs",
  site: "ksym(args->location)",
  address: "args->location",
  device: "$skb->dev->name",
  ifindex: "$skb->skb_iif",
  etherType: "args->protocol",
} as const;

/** Program text for the reason's number; 0 where the kernel has none. Cast, since newer bpftrace prints an enum by name. */
export function reasonOfDrop(target: Target): string {
  return hasReasons(target) ? "(uint64)args->reason" : "0";
}

/** One clause on skb:kfree_skb that parses the packet, filters, and acts. */
export function dropClause(filters: DropFilters, target: Target, actions: PacketActions): Fragment {
  const guard = hasReasons(target)
    ? bpftrace`/ args->reason >= ${integer(lowestReason(target))} /`
    : bpftrace``;
  return bpftrace`${attachTo(target, dropHook)} ${guard} {
  $skb = (struct sk_buff *)args->skbaddr;
  ${parsePacket(filters, actions, { etherType: bpftrace`args->protocol`, tests: reasonTests(filters, target) })}
}`;
}

function reasonTests({ reason }: DropFilters, target: Target): Fragment[] {
  if (reason === undefined) return [];
  const numbers = reasonNumbers(target, [reason].flat());
  const matches = numbers.map((number) => bpftrace`args->reason == ${integer(number)}`);
  return [bpftrace`(${joined(matches, " || ")})`];
}
