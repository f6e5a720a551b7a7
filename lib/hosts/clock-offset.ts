import { z } from "zod";
import { recordedRun } from "../cases/index.js";
import { jupyterDisplay, type MimeBundle } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import { type Column, completeProvenance, createFrame, type Frame } from "../tables/index.js";
import { readText } from "./bytes.js";
import type { Host } from "./host.js";
import { readSections } from "./read-sections.js";
import { type ClockSync, syncOf, syncScript } from "./sync.js";
import type { TimeExchange } from "./time-exchange.js";
import { understood } from "./understood.js";

/**
 * Two clocks drift apart by less than this: 500 ppm each, what the kernel bounds the frequency correction of adjtimex(2) and a slew of adjtime(3)
 * to; corrections of the phase come on top ({@link ClockOffset.errorAt}). (Quartz that nothing disciplines has 100 ppm.)
 */
const driftPartsPerMillion = 1_000n;

const columns: Column[] = [
  { name: "from", type: "VARCHAR", meaning: "host whose clock the other is compared with" },
  { name: "to", type: "VARCHAR", meaning: "host whose clock is compared" },
  { name: "offset_ns", type: "BIGINT", unit: "ns", meaning: "clock of `to` minus clock of `from`" },
  { name: "error_ns", type: "BIGINT", unit: "ns", meaning: "the offset is off by this at most" },
  { name: "rtt_from_ns", type: "BIGINT", unit: "ns", meaning: "shortest round trip to `from`" },
  { name: "rtt_to_ns", type: "BIGINT", unit: "ns", meaning: "shortest round trip to `to`" },
  { name: "sync_from", type: "VARCHAR", meaning: "what `from` says of its synchronisation" },
  { name: "sync_to", type: "VARCHAR", meaning: "what `to` says of its synchronisation" },
];

/** By how much the real-time clocks of two hosts differ, and how sure that is. */
export class ClockOffset {
  constructor(
    readonly from: string,
    readonly to: string,
    /** Clock of `to` minus clock of `from`. */
    readonly offset_ns: bigint,
    /** The offset is off by this at most, at the time that it was measured. */
    readonly error_ns: bigint,
    /** When it was measured, by the clock of `from`, in ns since 1970. */
    readonly measuredAt_ns: bigint,
    private readonly facts: { rtts: [bigint, bigint]; syncs: [ClockSync, ClockSync] },
  ) {}

  /**
   * What the offset may be off by at another time, by the clock of `from` in ns since 1970: the clocks drift, by 1000 ppm at most. That doesn't hold
   * for a clock that is stepped meanwhile, that chrony slews by its tick (up to its `maxslewrate`), or whose phase systemd-timesyncd or ntpd correct
   * (adjtimex(2), ADJ_OFFSET: some eighth of what is left in a second), as they do above all right after their start: measure again after what is
   * compared, and see that the offsets agree.
   */
  errorAt(time_ns: bigint): bigint {
    return this.error_ns + driftBetween(time_ns, this.measuredAt_ns);
  }

  /**
   * The time from a moment on one host to a moment on the other, in ns; negative where the other came first. It is refused where the
   * clocks are not known well enough to say even that.
   *
   * @param fromTime_ns by the clock of `from`, in ns since 1970.
   * @param toTime_ns by the clock of `to`, in ns since 1970.
   * @throws SkbookError `CLOCK_UNSURE` where the error bound is not smaller than the difference.
   */
  between(fromTime_ns: bigint, toTime_ns: bigint): bigint {
    const difference = toTime_ns - this.offset_ns - fromTime_ns;
    const error = this.errorAt(fromTime_ns);
    if (difference > error || -difference > error) return difference;
    throw new SkbookError({
      code: "CLOCK_UNSURE",
      tried: `subtract a time of ${this.from} from a time of ${this.to}`,
      failed: `they differ by ${difference} ns, and the offset of the clocks is known to ±${error} ns only`,
      todo: "measure the offset right before and after, over a faster network; or compare times of one host only: a round trip needs no second clock",
      details: { difference_ns: String(difference), error_ns: String(error) },
    });
  }

  /** One row: `from`, `to`, `offset_ns`, `error_ns`, `rtt_from_ns`, `rtt_to_ns`, `sync_from`, `sync_to`. */
  get frame(): Frame {
    const { rtts, syncs } = this.facts;
    const said = syncs.map((sync) => sync.said);
    const unsynchronised = [this.from, this.to].filter((_, index) => syncs[index]?.synchronised !== true);
    return createFrame(
      columns,
      [[this.from, this.to, this.offset_ns, this.error_ns, ...rtts, ...said]],
      completeProvenance("clockOffset", {
        notes: unsynchronised.map(
          (host) => `the clock of ${host} isn't known to be synchronised: it may drift and jump`,
        ),
        details: { measuredAt_ns: String(this.measuredAt_ns) },
      }),
    );
  }

  [jupyterDisplay](): MimeBundle {
    return this.frame[jupyterDisplay]();
  }
}

/**
 * Measures by how much the real-time clocks of two hosts differ, with a bound of the error: time stamps are exchanged with both over their
 * connections, and of each host the exchange with the shortest round trip counts (RFC 5905, section 8: the offset is off by half the round
 * trip at most). It doesn't rely on NTP; what the hosts say of their synchronisation is told beside it.
 *
 * @param from the host that is compared with.
 * @param to the host that is compared.
 * @param options.exchanges how many exchanges with each host. Default 40.
 * @throws SkbookError `CLOCK_UNREADABLE`, `INTERRUPTED`, and the hosts' own; in a replay `NOT_RECORDED`.
 * @example const clocks = await clockOffset(hostA, hostB);
 * clocks.between(sentOnA_ns, receivedOnB_ns)
 */
export async function clockOffset(
  from: Host,
  to: Host,
  options: { exchanges?: number } = {},
): Promise<ClockOffset> {
  const count = options.exchanges ?? 40;
  // At the same time: what passes between them adds to the error.
  const [ofFrom, ofTo] = await Promise.all([readExchanges(from, count), readExchanges(to, count)]);
  const [best, other] = [bestOf(ofFrom), bestOf(ofTo)];
  const syncs: [ClockSync, ClockSync] = [await readSync(from), await readSync(to)];
  return new ClockOffset(
    from.name,
    to.name,
    other.offset - best.offset,
    best.error + other.error + driftBetween(best.at, other.at),
    best.at + best.offset,
    { rtts: [best.rtt, other.rtt], syncs },
  );
}

/** What two clocks drift apart at most from one time to another. */
function driftBetween(one: bigint, other: bigint): bigint {
  return (distance(one, other) * driftPartsPerMillion) / 1_000_000n;
}

function distance(one: bigint, other: bigint): bigint {
  return one < other ? other - one : one - other;
}

/** Precision of the time stamps. */
const precision_ns = 1_000n;

/**
 * The exchange with the shortest round trip: the host's clock against this process's, and when. Where another one can't be true of the same clock, that
 * was set meanwhile, and the error takes in both.
 */
export function bestOf(exchanges: readonly TimeExchange[]): {
  at: bigint;
  offset: bigint;
  rtt: bigint;
  error: bigint;
} {
  const all = exchanges.map(([sent, received, answered, arrived]) => {
    const rtt = arrived - sent - (answered - received);
    return { at: (sent + arrived) / 2n, offset: (received - sent + (answered - arrived)) / 2n, rtt };
  });
  const best = all.reduce((one, next) => (next.rtt < one.rtt ? next : one));
  const error = (one: { rtt: bigint }) => one.rtt / 2n + precision_ns;
  let most = error(best);
  for (const one of all) {
    const apart = distance(one.offset, best.offset);
    const both = apart + error(one);
    if (apart > error(one) + error(best) + driftBetween(one.at, best.at) && both > most) most = both;
  }
  return { ...best, error: most };
}

async function readExchanges(host: Host, count: number): Promise<TimeExchange[]> {
  const request = { kind: "snapshot" as const, name: "time exchange", host: host.name, params: { count } };
  const run = await recordedRun(request, z.number(), async () => {
    const exchanges = await host.exchangeTimes(count);
    return { bytes: asText(exchanges), outcome: Promise.resolve(exchanges.length) };
  });
  const text = await readText(run.bytes, 2 ** 20, `exchange time stamps with ${host.name}`);
  await run.outcome;
  const read = () =>
    text
      .trim()
      .split("\n")
      .map((line) => line.split(" ").map(BigInt) as unknown as TimeExchange);
  return understood(host.name, "time stamps", read);
}

async function* asText(exchanges: readonly TimeExchange[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(exchanges.map((exchange) => `${exchange.join(" ")}\n`).join(""));
}

async function readSync(host: Host): Promise<ClockSync> {
  return syncOf(await readSections(host, "sync", syncScript, []));
}
