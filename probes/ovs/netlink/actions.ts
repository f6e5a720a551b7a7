import { type Attributes, attributesIn, payloadOf } from "./attributes.js";
import { attributeText, mplsText, structs, tagText } from "./key.js";
import { members } from "./members.js";
import { hex, hexBytes, ip4, ip6, plainText, wide } from "./values.js";

// enum ovs_action_attr and its structs (include/uapi/linux/openvswitch.h), in the words of ovs-dpctl.

/** The kernel takes no more lists within lists (net/openvswitch/flow_netlink.c: OVS_COPY_ACTIONS_MAX_DEPTH). */
const mostDepth = 16;

/** Actions of a flow: `ct(zone=5),recirc(0x1)`; `drop` where there are none. What isn't known is `action99(00 01)`. */
export function actionsText(bytes: Buffer, depth = 0): string | null {
  const { all, whole } = attributesIn(bytes);
  if (!whole) return null;
  if (depth > mostDepth) return hexBytes(bytes);
  return all.map(({ type, payload }) => actionText(type, payload, depth)).join(",") || "drop";
}

/** What is long enough for how it is written; all else is unknown. */
function actionText(type: number, payload: Buffer, depth: number): string {
  const [least, write] = actions.get(type) ?? [];
  const written = least === undefined || payload.length < least ? undefined : write?.(payload, depth);
  return written ?? `action${type}(${hexBytes(payload)})`;
}

/** How an action is written, and how many bytes it has at least. */
type Action = readonly [least: number, write: (payload: Buffer, depth: number) => string | undefined];

/** Actions within one. */
const nested = (bytes: Buffer | undefined, depth: number) =>
  actionsText(bytes ?? Buffer.alloc(0), depth + 1) ?? "?";

const actions = new Map<number, Action>([
  [1, [4, (payload) => String(payload.readUInt32LE(0))]],
  [2, [4, userspaceText]],
  [3, [4, (payload) => setText(payload, false)]],
  [4, [4, (payload) => pushVlanText(payload.readUInt16BE(0), payload.readUInt16BE(2))]],
  [5, [0, () => "pop_vlan"]],
  [6, [8, sampleText]],
  [7, [4, (payload) => `recirc(${hex(payload.readUInt32LE(0))})`]],
  [8, [8, (payload) => hashText(payload.readUInt32LE(0), payload.readUInt32LE(4))]],
  [
    9,
    [
      6,
      (payload) => `push_mpls(${mplsText(payload.readUInt32BE(0))},eth_type=${hex(payload.readUInt16BE(4))})`,
    ],
  ],
  [10, [2, (payload) => `pop_mpls(eth_type=${hex(payload.readUInt16BE(0))})`]],
  [11, [4, (payload) => setText(payload, true)]],
  [12, [0, conntrackText]],
  [13, [4, (payload) => `trunc(${payload.readUInt32LE(0)})`]],
  [14, [12, (payload) => `push_eth(${members(structs.ethernet, payload, null)})`]],
  [15, [0, () => "pop_eth"]],
  [16, [0, () => "ct_clear"]],
  [18, [0, () => "pop_nsh"]],
  [19, [4, (payload) => `meter(${payload.readUInt32LE(0)})`]],
  [20, [0, (payload, depth) => `clone(${nested(payload, depth)})`]],
  [21, [4, checkLengthText]],
  [
    22,
    [
      8,
      (payload) => `add_mpls(${mplsText(payload.readUInt32BE(0))},eth_type=${hex(payload.readUInt16BE(4))})`,
    ],
  ],
  [23, [0, decTtlText]],
  [24, [0, () => "drop"]],
]);

/** enum ovs_userspace_attr. */
function userspaceText(payload: Buffer): string | undefined {
  const all = attributesIn(payload);
  const [pid, data, port] = [1, 2, 3].map((type) => payloadOf(all, type));
  if (!all.whole || pid === undefined || pid.length < 4) return undefined;
  return `userspace(${[
    `pid=${pid.readUInt32LE(0)}`,
    ...(data === undefined ? [] : [`userdata(${data.toString("hex")})`]),
    ...(port === undefined || port.length < 4 ? [] : [`tunnel_out_port=${port.readUInt32LE(0)}`]),
    ...(payloadOf(all, 4) === undefined ? [] : ["actions"]),
  ].join(",")})`;
}

/** One attribute of a key; where only some of its bits are set, with a mask of the same size behind. */
function setText(payload: Buffer, isMasked: boolean): string | undefined {
  const [one] = attributesIn(payload).all;
  if (one === undefined) return undefined;
  if (!isMasked) return `set(${attributeText(one, null)})`;
  const half = one.payload.length / 2;
  if (!Number.isInteger(half)) return undefined;
  return `set(${attributeText({ type: one.type, payload: one.payload.subarray(0, half) }, one.payload.subarray(half))})`;
}

const plainVlan = 0x8100;

function pushVlanText(protocol: number, tci: number): string {
  return `push_vlan(${protocol === plainVlan ? "" : `tpid=${hex(protocol)},`}${tagText(tci)})`;
}

/** enum ovs_sample_attr. */
function sampleText(payload: Buffer, depth: number): string | undefined {
  const all = attributesIn(payload);
  const probability = payloadOf(all, 1);
  if (!all.whole || probability === undefined || probability.length < 4) return undefined;
  const percent = (100 * probability.readUInt32LE(0)) / 0xffffffff;
  return `sample(sample=${percent.toFixed(1)}%,actions(${nested(payloadOf(all, 2), depth)}))`;
}

function hashText(algorithm: number, basis: number): string {
  return `hash(${["hash_l4", "hash_sym_l4"][algorithm] ?? `hash_${algorithm}`}(${basis}))`;
}

/** enum ovs_ct_attr. */
function conntrackText(payload: Buffer): string | undefined {
  const all = attributesIn(payload);
  if (!all.whole) return undefined;
  const part = (type: number, least: number, write: (value: Buffer) => string) => {
    const value = payloadOf(all, type);
    return value === undefined || value.length < least ? [] : [write(value)];
  };
  const parts = [
    ...part(1, 0, () => "commit"),
    ...part(7, 0, () => "force_commit"),
    ...part(2, 2, (value) => `zone=${value.readUInt16LE(0)}`),
    ...part(3, 8, (value) => `mark=${hex(value.readUInt32LE(0))}/${hex(value.readUInt32LE(4))}`),
    ...part(4, 32, (value) => `label=${wide(value)}/${wide(value.subarray(16))}`),
    ...part(5, 1, (value) => `helper=${plainText(value)}`),
    ...part(9, 1, (value) => `timeout=${plainText(value)}`),
    ...part(6, 0, natText),
  ];
  return parts.length === 0 ? "ct" : `ct(${parts.join(",")})`;
}

/** enum ovs_nat_attr. */
function natText(payload: Buffer): string {
  const all = attributesIn(payload);
  const has = (type: number) => payloadOf(all, type) !== undefined;
  const direction = has(1) ? "src" : has(2) ? "dst" : undefined;
  if (direction === undefined) return "nat";
  const address = (type: number) => {
    const value = payloadOf(all, type);
    return value?.length === 4 ? ip4(value) : value?.length === 16 ? ip6(value) : undefined;
  };
  const port = (type: number) => {
    const value = payloadOf(all, type);
    return value === undefined || value.length < 2 ? 0 : value.readUInt16LE(0);
  };
  const [from, to] = [address(3), address(4)];
  const [first, last] = [port(5), port(6)];
  const bracketed = (one: string) => (one.includes(":") && first !== 0 ? `[${one}]` : one);
  const range = [
    ...(from === undefined
      ? []
      : [`${bracketed(from)}${to === undefined || to === from ? "" : `-${bracketed(to)}`}`]),
    ...(first === 0 ? [] : [`:${first}${last === 0 || last === first ? "" : `-${last}`}`]),
  ].join("");
  const flags = [
    ...(has(7) ? ["persistent"] : []),
    ...(has(8) ? ["hash"] : []),
    ...(has(9) ? ["random"] : []),
  ];
  return `nat(${[range === "" ? direction : `${direction}=${range}`, ...flags].join(",")})`;
}

/** enum ovs_check_pkt_len_attr. */
function checkLengthText(payload: Buffer, depth: number): string | undefined {
  const all = attributesIn(payload);
  const length = payloadOf(all, 1);
  if (!all.whole || length === undefined || length.length < 2) return undefined;
  return `check_pkt_len(size=${length.readUInt16LE(0)},gt(${nested(payloadOf(all, 2), depth)}),le(${nested(payloadOf(all, 3), depth)}))`;
}

function decTtlText(payload: Buffer, depth: number): string | undefined {
  const all: Attributes = attributesIn(payload);
  return all.whole ? `dec_ttl(le_1(${nested(payloadOf(all, 1), depth)}))` : undefined;
}
