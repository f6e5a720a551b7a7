import { wrongHeaderChecksum, wrongTcpChecksum, wrongUdpChecksum } from "./checksums.js";
import type { Fault } from "./fault.js";
import { duplicateFragments, lostFragments, missingNeighbour, reversePath, tooBig } from "./ip.js";
import { conntrackFull, conntrackInvalid, nftDrop } from "./netfilter.js";
import { fqCodelOverflow, netemDelay, netemLimit, netemLoss, netemReorder, tbfOverflow } from "./queues.js";
import { closedUdpPort, fullSocketBuffer, resetStorm } from "./sockets.js";
import { dropFlow, fullTunRing, upcallFlood } from "./switch.js";

export type { Fault, Injectable, Layer, PathFault, Place, Rows } from "./fault.js";
export { pathFaults } from "./forward.js";
export { type Injected, inject, numbers, run } from "./inject.js";
export {
  closedUdpPort,
  conntrackFull,
  dropFlow,
  duplicateFragments,
  netemLoss,
  nftDrop,
  tbfOverflow,
  upcallFlood,
};

/** All of them, by layer from the queue of an interface up, then the switch. */
export const faults: readonly Fault[] = [
  ...[netemLoss, netemLimit, netemDelay, netemReorder, tbfOverflow, fqCodelOverflow],
  ...[nftDrop, conntrackFull, conntrackInvalid],
  ...[wrongHeaderChecksum, wrongUdpChecksum, wrongTcpChecksum],
  ...[tooBig, lostFragments, duplicateFragments, reversePath, missingNeighbour],
  ...[closedUdpPort, fullSocketBuffer, resetStorm],
  ...[dropFlow, upcallFlood, fullTunRing],
];
