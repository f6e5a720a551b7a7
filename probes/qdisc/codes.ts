import { errorName } from "../../lib/probes/index.js";

/** What a return code of the transmit path says (include/linux/netdevice.h). */
export interface TransmitCode {
  name: string;
  /** The packet, or another one in its place, was dropped. */
  loss: boolean;
}

/** `NET_XMIT_*` of the stack and of queueing disciplines, which tell their parents more in the upper bits. */
const queued = ["NET_XMIT_SUCCESS", "NET_XMIT_DROP", "NET_XMIT_CN"];
const stolen = 0x10000;
const bypass = 0x20000;
const busy = 0x10;

/** @param byDriver whether a device's driver returned it, which has a code of success of its own. */
export function transmitCode(code: number, byDriver: boolean): TransmitCode {
  if (code < 0) return { name: errorName(code), loss: true };
  if (byDriver && code === 0) return { name: "NETDEV_TX_OK", loss: false };
  if (code === busy) return { name: "NETDEV_TX_BUSY", loss: false };
  const plain = queued[code & 0xffff] ?? `code ${code & 0xffff}`;
  const more = [
    ...(code & stolen ? ["__NET_XMIT_STOLEN"] : []),
    ...(code & bypass ? ["__NET_XMIT_BYPASS"] : []),
  ];
  return { name: [plain, ...more].join("|"), loss: (code & 0xffff) !== 0 || (code & bypass) !== 0 };
}
