import { SkbookError } from "../../lib/errors/index.js";
import {
  type Bpf,
  type BpfValue,
  bpf,
  type ComesAgain,
  callHooks,
  type Following,
  type HookAt,
  neitherSide,
  ownNetns,
  type PacketOptions,
  packet,
  readAt,
  readSide,
  swapped16,
  type Ways,
  type Writing,
  whenMerged,
} from "../../lib/probes/index.js";
import type { StageFilter } from "./parameters.js";
import {
  answerHook,
  backlogHooks,
  cuts,
  expandHead,
  functionStages,
  ip6Out,
  type MiddleStage,
  queueHook,
  receiveHook,
  stackOut,
  stage,
  tcp6Out,
  transmitHook,
  transportIn,
  upcallHook,
} from "./stages.js";

/** `$side` of a device in another namespace. */
const elsewhere = neitherSide + 1;
/** Of a device that packets come in by, and of one that they go out by. */
const [isFrom, isTo] = [bpf`$side == 1`, bpf`$side == 2`];

/** The clauses that follow packets from where they come in to where they go out. */
export function stageClauses(writing: Writing<StageFilter>, make: (ways: Ways) => Following): Bpf[] {
  const { parameters, on, has, call, packet: parsed, site } = writing;
  const { from, to, netns, stages } = parameters;
  const wanted = (name: MiddleStage) => stages === undefined || stages.includes(name);
  const hasUpcalls = wanted("upcall") && has(upcallHook) && has(answerHook);
  const following = make({ upcalls: hasUpcalls, copies: callHooks(expandHead).every(has) });
  const goes = ({ version }: { version?: 4 | 6 }) =>
    version === undefined || following.versions.includes(version);
  const fromStack = from === "stack";
  const toStack = to === "stack";
  if (fromStack)
    need(
      writing,
      stackOut.map(({ function: name }) => `kprobe:${name}`),
      "from",
    );
  if (toStack)
    need(
      writing,
      transportIn.map(({ function: name }) => `kprobe:${name}`),
      "to",
    );
  const devices = { from: fromStack ? [] : from, to: toStack ? [] : to, netns };
  const side = readSide(site, devices, elsewhere);
  const skb = (at: Bpf) => bpf`$skb = ${at};
  `;

  /** A packet that comes in here, or is seen in between. */
  const comesIn = (
    at: HookAt,
    pointer: Bpf,
    begins: number,
    sees: BpfValue | null,
    again: ComesAgain | null,
  ) => {
    const between =
      sees === null ? bpf`return;` : bpf`${following.looksFor()} ${following.sees(sees)} return;`;
    const start = following.begins(
      begins,
      again,
      whenMerged(at, () => following.merged),
    );
    const comesOn = again === null ? bpf`` : following.comesOn(begins, again.before);
    return bpf`${skb(pointer)}${side}
  if (!(${isFrom})) { ${between} }
  ${comesOn}
  ${parsed(at, { skb: bpf`$skb`, offset: 0 }, identified(start))}`;
  };
  const before = (hook: string, pointer: (at: HookAt) => Bpf) =>
    inFront(
      writing,
      following,
      hook,
      { skb: bpf`$skb`, offset: 0 },
      (at) => bpf`${skb(pointer(at))}${side}
  if (!(${isFrom})) { return; }
  `,
    );
  /** A packet that goes out here, by its device. */
  const goesOut = (at: HookAt) => {
    const body = bpf`if ((${packet.fragment}) == 0) { ${following.unexpected} }`;
    const options = { skb: bpf`$skb`, offset: at.arg("network_offset"), etherType: at.arg("protocol") };
    return following.goesOut(stage("driver"), parsed(at, options, body));
  };
  const between = (pointer: Bpf, name: BpfValue) => bpf`${skb(pointer)}${following.looksFor()}
  ${following.sees(name)}`;

  const [backlog] = backlogHooks.filter(has);
  const backlogSkb = (at: HookAt) => (at.hook.startsWith("kprobe") ? at.arg(0) : at.arg("skbaddr"));
  const again = { before: stage("backlog"), after: [stage("inner_driver")] };
  return [
    call(expandHead, {
      words: 3,
      enter: (at, keep) => bpf`${skb(at.arg(0))}${following.looks()}
  if (${following.isKnown}) { $shared = ${following.isShared()}; ${keep(bpf`$skb`, bpf`$head`, bpf`(uint64)$shared`)} }`,
      leave: (_, [pointer, head, shared]) => bpf`$skb = ${pointer as Bpf}; $before = ${head as Bpf};
  ${following.moves(shared as Bpf)}`,
    }),
    ...(backlog === undefined || !wanted("backlog")
      ? []
      : [
          ...(fromStack ? [] : before(backlog, backlogSkb)),
          on(backlog, (at) =>
            fromStack
              ? between(backlogSkb(at), stage("backlog"))
              : comesIn(at, backlogSkb(at), stage("backlog"), stage("backlog"), null),
          ),
        ]),
    ...(fromStack
      ? wanted("inner_rx")
        ? [on(receiveHook, (at) => between(at.arg("skbaddr"), stage("inner_rx")))]
        : []
      : [
          ...before(receiveHook, (at) => at.arg("skbaddr")),
          on(receiveHook, (at) =>
            comesIn(at, at.arg("skbaddr"), stage("rx"), wanted("inner_rx") ? stage("inner_rx") : null, again),
          ),
        ]),
    ...(fromStack ? stackClauses(writing, following) : []),
    ...functionStages
      .filter((one) => wanted(one.stage) && goes(one))
      .map((one) => on(`kprobe:${one.function}`, (at) => between(at.arg(one.argument), stage(one.stage)))),
    ...((wanted("ip_out") || fromStack) && goes({ version: 6 })
      ? ip6OutClauses(writing, following, wanted("ip_out"))
      : []),
    ...(hasUpcalls
      ? [
          on(
            upcallHook,
            (at) => bpf`${skb(at.arg(1))}${following.looksFor()}
  ${following.asks()}`,
          ),
          on(answerHook, (at) => answered(at, following)),
        ]
      : []),
    ...(wanted("queue") || wanted("inner_queue")
      ? [on(queueHook, (at) => queued(at, wanted, side, toStack, following))]
      : []),
    ...(toStack
      ? wanted("inner_driver")
        ? [on(transmitHook, (at) => between(at.arg("skbaddr"), stage("inner_driver")))]
        : []
      : [
          on(
            transmitHook,
            (at) => bpf`${skb(at.arg("skbaddr"))}${side}
  if (!(${isTo})) { ${wanted("inner_driver") ? bpf`${following.looksFor()} ${following.sees(stage("inner_driver"))} return;` : bpf`return;`} }
  ${following.looks()}
  ${goesOut(at)}`,
          ),
        ]),
    ...(toStack
      ? transportIn.filter(goes).map((one) =>
          on(`kprobe:${one.function}`, (at) => {
            const body = bpf`if ((${packet.fragment}) == 0) { ${following.unexpected} }`;
            const rest = parsed(at, { skb: bpf`$skb`, versions: [one.version] }, body);
            return bpf`${skb(at.arg(0))}${side}
  if ($side == ${elsewhere}) { return; }
  ${following.looks()}
  ${following.goesOut(stage("transport_in"), rest)}`;
          }),
        )
      : []),
    ...cuts.filter(goes).map((one) =>
      on(
        `kprobe:${one.function}`,
        (at) => bpf`${skb(at.arg(one.argument))}${following.looksFor()}
  ${following.isCut()}`,
      ),
    ),
  ];
}

/** The words that tell packets apart are read behind the network header that the parser found. */
function identified(body: Bpf): Bpf {
  return bpf`$net = ${packet.network};
  if (${packet.version} == 0) { return; }
  ${body}`;
}

/** The clause in front of one in which packets come in, where it is needed; `opens` are its statements before a packet is parsed. */
function inFront(
  { on, packet: parsed }: Writing<StageFilter>,
  { beforeBegins }: Following,
  hook: string,
  options: PacketOptions,
  opens: (at: HookAt) => Bpf,
): Bpf[] {
  if (beforeBegins === undefined) return [];
  return [on(hook, (at) => bpf`${opens(at)}${parsed(at, options, identified(beforeBegins))}`)];
}

/** The host's own packets come in. */
function stackClauses(writing: Writing<StageFilter>, following: Following): Bpf[] {
  const { on, parameters, packet: parsed, site } = writing;
  const inode = parameters.netns ?? ownNetns(site);
  return [
    ...stackOut
      .filter(({ version }) => following.versions.includes(version))
      .flatMap((one) => {
        const hook = `kprobe:${one.function}`;
        const opens = (at: HookAt) => bpf`${isOurs(at, inode)}$skb = ${at.arg(2)};
  `;
        const options = { skb: bpf`$skb`, etherType: bpf`${one.etherType}`, versions: [one.version] };
        return [
          ...inFront(writing, following, hook, options, opens),
          on(hook, (at) => {
            const merged = whenMerged(at, () => following.merged);
            const start = following.begins(stage("stack_out"), null, merged);
            return bpf`${opens(at)}${parsed(at, options, identified(start))}`;
          }),
        ];
      }),
    ...(following.versions.includes(6)
      ? [
          on(
            `kprobe:${tcp6Out}`,
            (at) => bpf`$skb = ${at.arg(1)}; ${following.looks()}
  ${following.isNew()}`,
          ),
        ]
      : []),
  ];
}

/** Of TCP over IPv6, the host's own packets come in here; whoever sends them is a socket, which a forwarded one has not. */
function ip6OutClauses(writing: Writing<StageFilter>, following: Following, seen: boolean): Bpf[] {
  const { on, parameters, packet: parsed, site } = writing;
  const hook = `kprobe:${ip6Out}`;
  const sees = seen ? following.sees(stage("ip_out")) : bpf``;
  if (parameters.from !== "stack")
    return [
      on(
        hook,
        (at) => bpf`$skb = ${at.arg(2)}; ${following.looksFor()}
  ${sees}`,
      ),
    ];
  const inode = parameters.netns ?? ownNetns(site);
  const options = { skb: bpf`$skb`, etherType: bpf`0x86dd`, versions: [6] as const };
  const ours = (at: HookAt) => bpf`if (${at.arg(1)} == 0) { return; }
  ${isOurs(at, inode)}`;
  return [
    ...inFront(writing, following, hook, options, (at) => bpf`$skb = ${at.arg(2)}; ${ours(at)}`),
    on(hook, (at) => {
      const merged = whenMerged(at, () => following.merged);
      const start = following.begins(stage("ip_out"), null, merged);
      return bpf`$skb = ${at.arg(2)}; ${following.looks()}
  if (${following.isKnown}) { ${sees} return; }
  ${ours(at)}${parsed(at, options, identified(start))}`;
    }),
  ];
}

/** Statement that leaves the clause in another network namespace, by the function's first argument. */
function isOurs(at: HookAt, inode: number | undefined): Bpf {
  return inode === undefined
    ? bpf``
    : bpf`if (${at.read(at.arg(0), "net.ns.inum")} != ${inode}) { return; }
  `;
}

/** A packet is put into a queue of a device. */
function queued(
  at: HookAt,
  wanted: (name: MiddleStage) => boolean,
  side: Bpf,
  toStack: boolean,
  following: Following,
): Bpf {
  const looks = bpf`$skb = ${at.arg("skbaddr")};
  ${following.looksFor()}`;
  if (toStack)
    return wanted("inner_queue") ? bpf`${looks} ${following.sees(stage("inner_queue"))}` : bpf`return;`;
  const [outer, inner] = [wanted("queue"), wanted("inner_queue")];
  return bpf`${looks}
  ${side}
  $stage = ${stage("inner_queue")}; $bound = ${following.bound.before};
  if (${isTo}) { $stage = ${stage("queue")}; $bound = ${following.bound.here}; }
  ${outer && inner ? bpf`` : bpf`if (${outer ? bpf`!(${isTo})` : isTo}) { return; }`}
  ${following.sees(bpf`$stage`, bpf`$bound`)}`;
}

/** User space sends a frame, with a VLAN tag in it or none. */
function answered(at: HookAt, following: Following): Bpf {
  return bpf`$skb = ${at.arg(2)}; $net = ${at.read(bpf`$skb`, "sk_buff.data")} + 14;
  $w = ${readAt(bpf`$net - 2`, 8)}; $type = ${swapped16(bpf`$w`)};
  if ($type == 0x8100) { $type = ${swapped16(bpf`($w >> 32)`)}; $net = $net + 4; }
  if ($type != 0x800 && $type != 0x86dd) { return; }
  ${following.answers(stage("upcall_back"))}`;
}

/** Refuses where the host has none of the hooks of an end that was asked for. */
function need({ has, site }: Writing<StageFilter>, hooks: readonly string[], parameter: "from" | "to"): void {
  if (hooks.some(has)) return;
  throw new SkbookError({
    code: "HOOK_MISSING",
    tried: `follow packets ${parameter} the stack of ${site.target.host}; nothing was attached`,
    failed: `its kernel has none of ${hooks.join(", ")}`,
    todo: `give devices as \`${parameter}\`, or boot a kernel with CONFIG_KPROBE_EVENTS`,
  });
}
