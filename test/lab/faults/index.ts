import * as checksums from "./checksums.js";
import type { Fault } from "./fault.js";
import * as ip from "./ip.js";
import * as netfilter from "./netfilter.js";
import * as queues from "./queues.js";
import * as sockets from "./sockets.js";
import * as openvswitch from "./switch.js";

export type { Fault, Place } from "./fault.js";
export { type Injected, inject, type Truth } from "./inject.js";
export { nftDrop } from "./netfilter.js";
export { netemLoss, tbfOverflow } from "./queues.js";
export { closedUdpPort } from "./sockets.js";
export { dropFlow } from "./switch.js";

/** All of them. */
export const faults: readonly Fault[] = [queues, netfilter, sockets, checksums, ip, openvswitch].flatMap(
  (group) => Object.values<unknown>(group).filter(isFault),
);

function isFault(value: unknown): value is Fault {
  return typeof value === "object" && value !== null && "hurt" in value;
}
