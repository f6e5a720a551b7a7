import ipaddr from "ipaddr.js";
import { SkbookError } from "../../errors/index.js";

/** A piece of a bpftrace program. Only this file makes them, so nothing reaches a program that was not typed or checked. */
export class Fragment {
  constructor(readonly text: string) {}
}

/**
 * Puts a program together. What stands between `${}` has to be a fragment: a number, an address, a checked name. A bare
 * string is refused, so a parameter can never become program text.
 *
 * @example bpftrace`tracepoint:skb:kfree_skb / args->protocol == ${integer(0x0800)} / { @ = count(); }`
 */
export function bpftrace(texts: TemplateStringsArray, ...values: readonly Fragment[]): Fragment {
  let program = texts.raw[0] ?? "";
  for (const [index, value] of values.entries()) {
    if (!(value instanceof Fragment)) throw notAFragment(value);
    program += value.text + (texts.raw[index + 1] ?? "");
  }
  return new Fragment(program);
}

/** A whole number. */
export function integer(value: number | bigint): Fragment {
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw notAFragment(value);
  return new Fragment(String(value));
}

/** A string literal of letters, digits and `_ . : @ - +` only, as interface and command names are. */
export function plainName(value: string): Fragment {
  if (!/^[\w.:@+-]{1,63}$/.test(value)) throw notAFragment(value);
  return new Fragment(`"${value}"`);
}

/** Fragments one after the other. */
export function joined(
  fragments: readonly Fragment[],
  separator: "" | " && " | " || " | "\n" = "",
): Fragment {
  return new Fragment(fragments.map((fragment) => fragment.text).join(separator));
}

/**
 * True where the address at `pointer` lies in a prefix: compares 32-bit words in network order as a little-endian machine reads them.
 *
 * @param pointer program text for a pointer to the first byte of the address.
 * @param prefix `192.0.2.1`, `198.51.100.0/24`, `2001:db8::/32`.
 */
export function inPrefix(pointer: Fragment, prefix: string): Fragment {
  const [address, length] = parsePrefix(prefix);
  const bytes = Buffer.from(address.toByteArray());
  const tests: Fragment[] = [];
  for (let offset = 0; offset < bytes.length && offset * 8 < length; offset += 4) {
    const bits = Math.min(32, length - offset * 8);
    const mask = Buffer.alloc(4);
    mask.writeUInt32BE((0xffffffff << (32 - bits)) >>> 0);
    const wanted = (bytes.readUInt32LE(offset) & mask.readUInt32LE()) >>> 0;
    tests.push(
      bpftrace`(*(uint32 *)(${pointer} + ${integer(offset)}) & ${integer(mask.readUInt32LE())}) == ${integer(wanted)}`,
    );
  }
  return tests.length === 0 ? integer(1) : bpftrace`(${joined(tests, " && ")})`;
}

/** 4 or 6; throws for text that is neither an address nor a prefix. */
export function ipVersion(prefix: string): 4 | 6 {
  return parsePrefix(prefix)[0].kind() === "ipv4" ? 4 : 6;
}

function parsePrefix(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  const address = ipaddr.parse(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/** Whether a text is an address or a prefix that {@link inPrefix} takes. */
export function isPrefix(text: string): boolean {
  const [address = "", length] = text.split("/");
  const valid = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  return valid && (length === undefined || ipaddr.isValidCIDR(text));
}

function notAFragment(value: unknown): SkbookError {
  return new SkbookError({
    code: "NOT_PROGRAM_TEXT",
    tried: "put a value into a bpftrace program",
    failed: `${JSON.stringify(String(value))} is not a number, address or plain name`,
    todo: "render it with integer(), plainName() or inPrefix(); text never becomes a program",
  });
}
