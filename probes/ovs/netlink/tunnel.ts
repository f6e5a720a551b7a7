import { type Attributes, attributesIn, payloadOf } from "./attributes.js";
import { masked, type Show, show } from "./members.js";
import { hex, hexBytes, isZero } from "./values.js";

/** enum ovs_tunnel_key_attr; those that are flags have no payload. */
const values = new Map<number, [name: string, how: Show]>([
  [0, ["tun_id", show.big64]],
  [1, ["src", show.ip4]],
  [2, ["dst", show.ip4]],
  [12, ["ipv6_src", show.ip6]],
  [13, ["ipv6_dst", show.ip6]],
  [3, ["tos", show.hexByte]],
  [4, ["ttl", show.byte]],
  [9, ["tp_src", show.port]],
  [10, ["tp_dst", show.port]],
]);
const [id, vxlan, pad] = [0, 11, 14];
const flags: readonly (readonly [type: number, name: string])[] = [
  [5, "df"],
  [6, "csum"],
  [id, "key"],
  [7, "oam"],
];
const flagTypes = new Set(flags.map(([type]) => type));

/** `tunnel(tun_id=0x2a,dst=192.0.2.1,flags(df|key))`. */
export function tunnelText(key: Attributes, mask: Attributes | null): string {
  const parts = [...values].flatMap(([type, [name, how]]) => {
    const payload = payloadOf(key, type);
    const under = mask && (payloadOf(mask, type) ?? Buffer.alloc(how.size));
    if (payload === undefined || payload.length < how.size || (under !== null && under.length < how.size))
      return [];
    const written = masked(how, payload, under);
    return written === undefined ? [] : [`${name}=${written}`];
  });
  const others = key.all
    .filter(({ type }) => !values.has(type) && !flagTypes.has(type) && type !== pad)
    .flatMap(({ type, payload }) => otherText(type, payload, mask && (payloadOf(mask, type) ?? null)));
  const all = [...parts, ...others, ...flagsText(key, mask)];
  return all.length === 0 ? "" : `tunnel(${all.join(",")})`;
}

function otherText(type: number, payload: Buffer, under: Buffer | null): string[] {
  if (under !== null && isZero(under)) return [];
  const policy = type === vxlan ? payloadOf(attributesIn(payload), 1) : undefined;
  if (policy !== undefined && policy.length >= 4) {
    const group = policy.readUInt32LE(0);
    return [`vxlan(gbp(id=${group & 0xffff},flags=${hex((group >> 16) & 0xff)}))`];
  }
  return [`tunnel_key${type}(${hexBytes(payload)})`];
}

function flagsText(key: Attributes, mask: Attributes | null): string[] {
  const has = (of: Attributes, type: number) => payloadOf(of, type) !== undefined;
  const written =
    mask === null
      ? flags
          .filter(([type]) => has(key, type))
          .map(([, name]) => name)
          .join("|")
      : flags
          .filter(([type]) => has(mask, type))
          .map(([type, name]) => `${has(key, type) ? "+" : "-"}${name}`)
          .join("");
  return written === "" ? [] : [`flags(${written})`];
}
