import { errorName } from "../packet/errno.js";

/** What a queue says of a fragment (enum of net/ipv4/inet_fragment.c: IPFRAG_OK, IPFRAG_DUP, IPFRAG_OVERLAP). */
const inserted = ["OK", "DUPLICATE", "OVERLAP"];

/** What is done: a fragment is put into its queue, a queue is given up, a refused fragment is freed, a fragment is handed in. */
export const fragmentSteps = ["insert", "expire", "free", "defragment"] as const;
export const [insertStep, expireStep, freeStep, defragmentStep] = [0, 1, 2, 3];

const inProgress = -115;

/** The name of what a step returned. */
export function resultName(step: number, code: number): string {
  if (step === expireStep) return "EXPIRED";
  if (step === freeStep) return "FREED";
  if (step === insertStep) return inserted[code] ?? `CODE_${code}`;
  if (code === 0) return "COMPLETE";
  return code === inProgress ? "WAITING" : code < 0 ? errorName(code) : `CODE_${code}`;
}

const zones = 65_536;
const tracking = ["conntrack in", "conntrack out", "conntrack bridge"];

/** Who puts fragments together, in numbers as enum ip_defrag_users and ip6_defrag_users have them: those of connection tracking have a zone. */
export function userName(user: number, version: number): [user: string, zone: number | null] {
  const first = version === 6 ? 1 : 2;
  if (user === 0) return ["local delivery", null];
  if (user < first) return ["router alert", null];
  const name = tracking[Math.floor((user - first) / zones)];
  return name === undefined ? [`user ${user}`, null] : [name, (user - first) % zones];
}
