/**
 * Since when the kernel keeps a counter of tcp_info and `ss` prints it. `ss` leaves out what is 0, so that only who knows both versions can
 * tell 0 from what the host doesn't know.
 */
const generations: readonly { kernel: number; ss: number; snapshot: number; tokens: readonly string[] }[] = [
  { kernel: 206, ss: 206, snapshot: 0, tokens: [] },
  {
    kernel: 402,
    ss: 402,
    snapshot: 150_831,
    tokens: ["bytes_acked", "bytes_received", "segs_out", "segs_in"],
  },
  { kernel: 406, ss: 407, snapshot: 160_801, tokens: ["data_segs_out", "data_segs_in", "notsent", "minrtt"] },
  {
    kernel: 410,
    ss: 410,
    snapshot: 170_221,
    tokens: ["busy", "rwnd_limited", "sndbuf_limited", "delivery_rate"],
  },
  {
    ...{ kernel: 419, ss: 420, snapshot: 190_107 },
    tokens: ["bytes_sent", "bytes_retrans", "delivered", "dsack_dups", "reord_seen"],
  },
  { kernel: 504, ss: 518, snapshot: Number.POSITIVE_INFINITY, tokens: ["snd_wnd", "rcv_ooopack"] },
  { kernel: 602, ss: 606, snapshot: Number.POSITIVE_INFINITY, tokens: ["rcv_wnd", "rehash"] },
];

export const generationOfToken = new Map(
  generations.flatMap(({ tokens }, index) => tokens.map((token) => [token, index] as const)),
);

/** What a host of these versions tells of; 0 where one isn't known. `ss` was numbered by its date until iproute2 5.6. */
export function generationOf(kernel: string | undefined, ss: string | undefined): number {
  const ofKernel = numbered(kernel);
  const dated = Number(/\bss(\d{6})\b/.exec(ss ?? "")?.[1] ?? Number.NaN);
  const ofSs = numbered(/iproute2-(\d.*)$/.exec(ss ?? "")?.[1] ?? ss);
  const last = generations.findLastIndex(
    (one) => ofKernel >= one.kernel && (Number.isNaN(dated) ? ofSs >= one.ss : dated >= one.snapshot),
  );
  return Math.max(0, last);
}

/** "5.10.0-19" as 510. */
function numbered(version = ""): number {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined ? 0 : Number(major) * 100 + Number(minor);
}
