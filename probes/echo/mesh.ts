import ipaddr from "ipaddr.js";
import { z } from "zod";
import { type Host, onAll, readSections } from "../../lib/hosts/index.js";
import { badParameters } from "../../lib/parameters/index.js";
import { type Column, combined, createFrame, type Frame, type Value } from "../../lib/tables/index.js";
import { word } from "../columns.js";
import { echoSummary } from "./summary.js";

/** What {@link echoMesh} is asked. */
export interface EchoMeshOptions {
  /** The address of each host that the others ping, by the host's name. */
  addresses: { readonly [host: string]: string };
  /** Pings from each host to each other one, 1 to 10,000. Default 20. */
  count?: number;
  /** Between two of them, 10 to 60,000 milliseconds. Default 100. */
  intervalMs?: number;
  /** How long attaching may take, 1 to 300 seconds. Default 30. */
  attachSeconds?: number;
}

const pings = (name: string, meaning: string): Column => ({ name, type: "BIGINT", unit: "pings", meaning });
const ns = (name: string, meaning: string, type: "BIGINT" | "DOUBLE" = "DOUBLE"): Column => ({
  name,
  type,
  unit: "ns",
  meaning,
});

const columns: Column[] = [
  word("asker_host", "host that asks"),
  word("answerer_host", "host that is asked"),
  word("asker", "address of who asks"),
  word("answerer", "address of who is asked"),
  pings("answered", "whose reply came in"),
  pings("unanswered", "that had none, or none yet"),
  pings("unsent", "that no driver was given"),
  pings("unclear", "that can't be told from others"),
  ns("p50_low_ns", "half took at most this or somewhat more: the bound below", "BIGINT"),
  ns("p50_high_ns", "the same: the bound above", "BIGINT"),
  ns("p99_low_ns", "99 of a hundred took at most this or somewhat more: the bound below", "BIGINT"),
  ns("p99_high_ns", "the same: the bound above", "BIGINT"),
  ns("stack_out_avg_ns", "mean of what the asker's stack and queues took on the way out"),
  ns(
    "between_avg_ns",
    "mean of both ways between the hosts; null where it isn't sure that the two saw the same pings",
  ),
  ns("answer_avg_ns", "mean of what the answerer took for its answer"),
  ns("reply_out_avg_ns", "mean of what the answerer's stack and queues took on the way out"),
  ns("stack_in_avg_ns", "mean of what the asker's stack took on the way in"),
  word("most", "which of these five means is the largest; null where one isn't known"),
];
/** Pings of the answerer that have no time. */
const untimed = ["unanswered", "unsent", "open", "unclear", "repeated", "fragments", "unfollowed"];
const means = ["stack_out", "between", "answer", "reply_out", "stack_in"];

/** The longest run of a probe, in seconds. */
const maxSeconds = 3_600;
/** How long the first host waits for the last one beside attaching, and pings for their last reply. */
const marginSeconds = 90;

/** As rows have it: written in one way, IPv4 in IPv6 as IPv4. */
const address = z
  .string()
  .refine(
    (text) => ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text),
    "has to be an IPv4 or IPv6 address",
  )
  .refine(
    (text) => !text.includes("%"),
    "has a zone, which packets don't carry: give an address that needs none",
  )
  .transform((text) => ipaddr.process(text).toString());

const Options = z.strictObject({
  addresses: z.record(z.string(), address),
  count: z.int().min(1).max(10_000).default(20),
  intervalMs: z.int().min(10).max(60_000).default(100),
  attachSeconds: z.number().min(1).max(300).default(30),
});

/** Pings several hosts at the same time, by one session: says of each how ping ended, and its errors. Locales would read the interval in their own way. */
const pingScript =
  "export LC_ALL=C; count=$1; every=$2; from=$3; shift 3; for to; do " +
  '{ said=$(ping -q -n -c "$count" -i "$every" -W 1 -I "$from" "$to" 2>&1 >/dev/null); ' +
  'printf "\\036%s\\037%s %.200s" "$to" "$?" "$said"; } & done; wait';

/**
 * Lets each of some hosts ping each other one, and says where the time went, by {@link echoSummary} on all of them: in the asker's stack, between the hosts, at the answerer.
 *
 * @param hosts 2 to 16 of them.
 * @param options.addresses the address of each host that the others ping, by the host's name.
 * @param options.count pings from each host to each other one. Default 20.
 * @param options.intervalMs between two of them. Default 100. All pings together, `count` × `intervalMs`, may take 3,480 s, less where attaching may take longer than by default.
 * @param options.attachSeconds how long attaching may take. Default 30.
 * @returns a row for each two hosts and direction: `asker_host`, `answerer_host`, `asker`, `answerer`, `answered`, `unanswered`, `unsent`, `unclear`, bounds of the percentiles 50 and 99, the means `stack_out_avg_ns`, `between_avg_ns`, `answer_avg_ns`,
 *   `reply_out_avg_ns`, `stack_in_avg_ns`, and `most`, which of them is the largest.
 *
 * Where the asker saw no ping of a pair, its counts are null. No clocks are compared: `between_avg_ns` is what the asker saw away from it, less what the answerer saw of the same pings. Which of both ways it was isn't known. Where ping could not ask, as without a route, a note says why, and the Frame is partial.
 * @throws SkbookError `BAD_PARAMETER`, and as every probe, see {@link makeProbe}.
 * @example await echoMesh([host, await connect("root@192.0.2.11")], { addresses: { "root@192.0.2.10": "198.51.100.10", "root@192.0.2.11": "198.51.100.11" } })
 */
export async function echoMesh(hosts: readonly Host[], options: EchoMeshOptions): Promise<Frame> {
  const { addresses, attachSeconds, ...pings } = checked(hosts, options);
  const seconds = Math.ceil(pingSeconds(pings)) + marginSeconds + attachSeconds;
  const failures: string[] = [];
  const pinging = whenAll(hosts.length, async () => {
    const asked = await onAll(hosts, (host) => pingOthers(host, hosts, { addresses, seconds, ...pings }));
    for (const { result, error } of asked.all) {
      if (error !== null) throw error;
      failures.push(...result);
    }
  });
  const seen = await Promise.all(
    hosts.map(async (host) => {
      try {
        const by = ["role" as const, "asker" as const, "answerer" as const];
        return await echoSummary(host, { seconds, attachSeconds, by, during: pinging.arrive });
      } catch (error) {
        // The others would wait for it.
        pinging.fail(error);
        throw error;
      }
    }),
  );
  return meshOf(
    hosts.map(({ name }, index) => ({
      name,
      address: addresses[name] as string,
      seen: seen[index] as Frame,
    })),
    failures,
  );
}

/** Lets a host ping each other one, and says where that could not be done. */
async function pingOthers(
  host: Host,
  hosts: readonly Host[],
  {
    addresses,
    count,
    intervalMs,
    seconds,
  }: Omit<z.output<typeof Options>, "attachSeconds"> & { seconds: number },
): Promise<string[]> {
  const own = addresses[host.name] as string;
  const others = hosts.filter((other) => other !== host).map(({ name }) => addresses[name] as string);
  const asked = [`${count}`, `${intervalMs / 1_000}`, own, ...others];
  const sections = await readSections(host, "pings", pingScript, asked, {}, { deadlineSeconds: seconds });
  return others.flatMap((other) => {
    const [, exit = "", said = ""] = /^(\d+) ?(.*)$/s.exec(sections[other] ?? "") ?? [];
    const why = said.trim().replaceAll(/\s+/g, " ");
    // 1: a reply is missing, which the rows have.
    if (exit === "0" || (exit === "1" && why === "")) return [];
    const how = exit === "" ? "did not come to its end" : `ended with ${exit}: ${why}`;
    return [`ping of ${host.name} from ${own} to ${other} ${how}`];
  });
}

const pingSeconds = ({ count, intervalMs }: Pick<z.output<typeof Options>, "count" | "intervalMs">) =>
  (count * intervalMs) / 1_000;

interface Member {
  name: string;
  address: string;
  seen: Frame;
}

/** The rows of all ordered pairs. */
export function meshOf(members: readonly Member[], failures: readonly string[] = []): Frame {
  const rows = members.flatMap((asker) =>
    members.filter((other) => other !== asker).map((answerer) => pairRow(asker, answerer)),
  );
  const provenance = combined(Object.fromEntries(members.map(({ name, seen }) => [name, seen.provenance])));
  return createFrame(columns, rows, {
    ...provenance,
    partial: provenance.partial || failures.length > 0,
    notes: [...provenance.notes, ...failures],
    source: "echoMesh",
    host: members.map(({ name }) => name).join(", "),
  });
}

function pairRow(asker: Member, answerer: Member): Value[] {
  const of = (member: Member, role: string) => {
    const rows = (member.seen.values as Value[][]).map((row) =>
      Object.fromEntries(member.seen.columns.map((name, index) => [name, row[index] ?? null])),
    );
    const own = rows.filter(
      (row) => row.role === role && row.asker === asker.address && row.answerer === answerer.address,
    );
    const value = (interval: string, column = "count") =>
      own.find((row) => row.interval === interval)?.[column] ?? null;
    return Object.assign(value, { sawAny: own.length > 0 });
  };
  const [asks, answers] = [of(asker, "asker"), of(answerer, "answerer")];
  const counted = (...intervals: string[]) =>
    asks.sawAny ? intervals.reduce((sum, interval) => sum + Number(asks(interval) ?? 0), 0) : null;
  // Where all that came in is answered and timed, each ping that the asker has a time of is among them: as many are the same ones.
  const whole = [asker, answerer].every(({ seen }) => seen.provenance.lost === 0);
  const timed = untimed.every((interval) => answers(interval) === null);
  const same = whole && timed && asks("away") !== null && asks("away") === answers("total");
  const average = (value: Value) => (value === null ? null : Number(value));
  const times = [
    average(asks("stack_out", "avg_ns")),
    same ? Number(asks("away", "avg_ns")) - Number(answers("total", "avg_ns")) : null,
    average(answers("answer", "avg_ns")),
    average(answers("stack_out", "avg_ns")),
    average(asks("stack_in", "avg_ns")),
  ];
  const most = times.includes(null) ? null : means[times.indexOf(Math.max(...(times as number[])))];
  const bounds = ["p50_low_ns", "p50_high_ns", "p99_low_ns", "p99_high_ns"];
  return [
    ...[asker.name, answerer.name, asker.address, answerer.address],
    counted("away"),
    counted("unanswered", "open"),
    counted("unsent"),
    counted("unclear", "repeated", "fragments", "unfollowed"),
    ...bounds.map((column) => asks("total", column)),
    ...times,
    most ?? null,
  ];
}

function checked(hosts: readonly Host[], options: EchoMeshOptions) {
  const { data, error } = z
    .tuple([z.array(z.custom<Host>()).min(2).max(16), Options])
    .superRefine(([some, { addresses, attachSeconds, ...pings }], context) => {
      for (const { name } of some)
        if (!(name in addresses))
          context.addIssue({ code: "custom", path: ["addresses"], message: `has none of ${name}` });
      const most = maxSeconds - marginSeconds - attachSeconds;
      if (pingSeconds(pings) > most)
        context.addIssue({
          code: "custom",
          path: ["count"],
          message: `${pings.count} pings take ${pingSeconds(pings)} s by intervalMs; with ${attachSeconds} s to attach, they may take ${most} s`,
        });
    })
    .safeParse([[...hosts], options]);
  if (data === undefined) throw badParameters("echoMesh", error);
  return data[1];
}

/** Does something once all have arrived, who then wait until it is done. */
function whenAll(count: number, act: () => Promise<void>) {
  let [arrived, settle, fail] = [0, (_: Promise<void>) => {}, (_: unknown) => {}];
  const done = new Promise<void>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  done.catch(() => {});
  return {
    fail: (error: unknown) => fail(error),
    arrive: () => {
      arrived += 1;
      if (arrived === count) settle(act());
      return done;
    },
  };
}
