import type { Target } from "../../lib/probes/index.js";

/** Actions of the kernel's switch by their numbers, in the words of ovs-dpctl (enum ovs_action_attr, include/uapi/linux/openvswitch.h). */
export const switchActions = [
  ...(["unspec", "output", "userspace", "set", "push_vlan", "pop_vlan", "sample", "recirc", "hash"] as const),
  ...(["push_mpls", "pop_mpls", "set_masked", "ct", "trunc", "push_eth", "pop_eth", "ct_clear"] as const),
  ...(["push_nsh", "pop_nsh", "meter", "clone", "check_pkt_len", "add_mpls", "dec_ttl", "drop"] as const),
  "psample",
] as const;

/**
 * The kernel makes another action of most that set headers, which has the first number behind those that user space knows
 * (OVS_ACTION_ATTR_SET_TO_MASKED): it moved when drop (Linux 6.8) and psample (6.11) came.
 */
export function setToMasked({ snapshot: { kernel } }: Target): number {
  const [major = 0, minor = 0] = (kernel ?? "").split(".").map(Number.parseFloat);
  const release = major * 1_000 + minor;
  return release < 6_008 ? 25 : release < 6_011 ? 26 : 27;
}

/** The word for an action's number on a host. */
export function switchActionName(number: number, target: Target): string {
  return number === setToMasked(target) ? "set_masked" : (switchActions[number] ?? `action_${number}`);
}
