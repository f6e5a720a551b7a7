import ipaddr from "ipaddr.js";

const protocols = { tcp: 6, udp: 17 };
const sums = new Map<string, number>();
/** A hostile capture could have another address in each packet. */
const maxKnown = 10_000;

/** The sum of the pseudo-header of RFC 9293, 3.1 and RFC 8200, 8.1, folded and not complemented. */
export function pseudoHeaderSum(
  addresses: readonly (string | null)[],
  transport: "tcp" | "udp",
  bytes: number,
): number {
  let sum = protocols[transport] + (bytes & 0xffff) + (bytes >>> 16);
  for (const address of addresses) sum += address === null ? 0 : addressSum(address);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

function addressSum(address: string): number {
  const known = sums.get(address);
  if (known !== undefined) return known;
  let sum = 0;
  if (ipaddr.isValid(address)) {
    const bytes = ipaddr.parse(address).toByteArray();
    for (let at = 0; at < bytes.length; at += 2)
      sum += ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  }
  if (sums.size < maxKnown) sums.set(address, sum);
  return sum;
}
