import ipaddr from "ipaddr.js";
import { z } from "zod";
import { jupyterDisplay, type MimeBundle } from "../../cell/index.js";
import { SkbookError } from "../../errors/index.js";
import { badParameters } from "../../parameters/index.js";
import { type Column, createFrame, type Frame, type Table } from "../../tables/index.js";
import { hostCounters } from "../counters/index.js";
import { deviceName } from "../device-name.js";
import type { Host } from "../host.js";
import { hostNamespace } from "../namespaces/index.js";
import { type Growth, judge, type RuleOutcome, type WireVerdict } from "./rules.js";
import { type StreamPlan, type StreamResult, sendStream } from "./stream.js";

/** What {@link wireOrStack} is asked. */
export interface WireOrStackOptions {
  /** Address of the receiver that the datagrams are sent to, IPv4 or IPv6. */
  address: string;
  /** Device by which they leave the sender, in the namespace that commands run in: the NIC, not a bridge above it. */
  senderDevice: string;
  /** Device by which they come to the receiver. */
  receiverDevice: string;
  /** UDP port of the receiver, that nobody listens on. Default 5555. */
  port?: number;
  /** How long is sent: 0.5 to 600 s. Default 10. */
  seconds?: number;
  /** Datagrams a second: 1 to 10,000. Default 1000. */
  rate?: number;
  /** UDP payload of each: 12 to 8,900 bytes. Default 64; more than the path MTU allows is sent in fragments. */
  payloadBytes?: number;
}

const Options = z.strictObject({
  address: z.string().refine((text) => ipaddr.isValid(text), "has to be an IPv4 or IPv6 address"),
  senderDevice: deviceName,
  receiverDevice: deviceName,
  port: z.int().min(1).max(65_535).default(5_555),
  seconds: z.number().min(0.5).max(600).default(10),
  rate: z.number().min(1).max(10_000).default(1_000),
  payloadBytes: z.int().min(12).max(8_900).default(64),
});

const columns: Column[] = [
  { name: "verdict", type: "VARCHAR", meaning: "where it says that they got lost" },
  { name: "holds", type: "BOOLEAN", meaning: "whether the rule holds; the first that does is the verdict" },
  { name: "counted", type: "BIGINT", unit: "packets", meaning: "what the rule's counters add up to" },
  { name: "evidence", type: "VARCHAR", meaning: "its counters, by what they grew meanwhile" },
  { name: "rule", type: "VARCHAR", meaning: "when it holds" },
];

/** Whether datagrams got lost in the wire or in a stack, and by which rule. */
export class WireOrStack {
  /** The rules in their order, with what they looked at. */
  readonly rules: Frame;

  constructor(
    /** The first rule that holds. */
    readonly verdict: WireVerdict,
    /** What both ends of the stream counted. */
    readonly stream: StreamResult & { planned: number; lost: number; lostPercent: number },
    outcomes: readonly RuleOutcome[],
    /** All counters of both hosts, with what they grew by. */
    readonly counters: { sender: Table; receiver: Table },
  ) {
    const provenance = counters.receiver.provenance;
    this.rules = createFrame(
      columns,
      outcomes.map(({ verdict, holds, counted, evidence, rule }) => [
        verdict,
        holds,
        counted,
        evidence,
        rule,
      ]),
      {
        ...provenance,
        source: "wireOrStack",
        host: null,
        notes: [...new Set([...counters.sender.provenance.notes, ...provenance.notes])],
        details: { verdict, stream: { ...stream } },
      },
    );
  }

  [jupyterDisplay](): MimeBundle {
    const { planned, sent, distinct, lost, lostPercent, reordered, duplicates } = this.stream;
    const said = `${this.verdict}: ${sent} of ${planned} sent, ${distinct} received, ${lost} lost (${lostPercent.toFixed(2)} %), ${reordered} reordered, ${duplicates} duplicates`;
    const shown = this.rules[jupyterDisplay]();
    return {
      "text/html": `<p>${said}</p>${shown["text/html"]}`,
      "text/plain": `${said}\n${shown["text/plain"]}`,
    };
  }
}

/**
 * Says whether packets between two hosts are lost in the wire or in one of the stacks: sends a stream of numbered UDP datagrams from one to
 * the other, and holds what got lost against the counters of both, read before and after. Both need python3, and nothing else; the stream ends with its
 * time, the cell or the connection, whichever is first. It is real traffic on the wire: by default 1,000 small datagrams a second.
 *
 * Rules, in this order: `NO_LOSS` (less than 0.01 %), `PHYSICAL` (the receiver's NIC counts over, crc, missed or fifo errors, at least half of the lost), `SENDER_STACK` (the sender's device
 * or queueing discipline counts drops, or fewer packets left by its device than were sent), `RECEIVER_STACK` (device, backlog, UDP or socket of the receiver count drops), `IN_TRANSIT` (the
 * receiver's NIC received fewer packets than left the sender), `UNSEEN` (none of these explains the loss). Other traffic moves counters, too: a rule that holds by less than what got lost explains it in part at most.
 *
 * @returns `verdict`, `stream` (`planned`, `sent`, `received`, `distinct`, `lost`, `lostPercent`, `reordered` by RFC 4737, `duplicates`, `overflow` of the socket's buffer), `rules` (a Frame: `verdict`, `holds`,
 *   `counted`, `evidence`, `rule`), `counters` of both hosts as {@link hostCounters} has them.
 * @throws SkbookError `BAD_PARAMETER`, `PYTHON_MISSING`, `STREAM_FAILED`, `NO_SUCH_DEVICE`, `INTERRUPTED`, and the hosts' own; in a replay `NOT_RECORDED`.
 * @example await wireOrStack(hostA, hostB, { address: "192.0.2.2", senderDevice: "eth0", receiverDevice: "eth0" })
 */
export async function wireOrStack(
  sender: Host,
  receiver: Host,
  options: WireOrStackOptions,
): Promise<WireOrStack> {
  const parsed = Options.safeParse(options);
  if (!parsed.success) throw badParameters("wireOrStack", parsed.error);
  const { senderDevice, receiverDevice, seconds, ...rest } = parsed.data;
  const plan: StreamPlan = { ...rest, count: Math.max(1, Math.round(seconds * rest.rate)) };
  const meanwhile = { seconds: Math.min(3_600, seconds + 300) };
  let result: StreamResult | undefined;
  let sent: Table | undefined;
  const received = await hostCounters(receiver, {
    ...meanwhile,
    during: async () => {
      sent = await hostCounters(sender, {
        ...meanwhile,
        during: async () => {
          result = await sendStream(sender, receiver, plan);
        },
      });
    },
  }).catch(own);
  const counters = { sender: sent as Table, receiver: received };
  const stream = result as StreamResult;
  const grew = await growths(counters, { sender: senderDevice, receiver: receiverDevice });
  const outcomes = judge(stream, plan.count, grew);
  const lost = plan.count - stream.distinct;
  const verdict = (outcomes.find(({ holds }) => holds) as RuleOutcome).verdict;
  return new WireOrStack(
    verdict,
    { ...stream, planned: plan.count, lost, lostPercent: (100 * lost) / plan.count },
    outcomes,
    counters,
  );
}

/** A failure of the stream is told as itself, not as one of what was called meanwhile. */
function own(error: unknown): never {
  let cause = error;
  while (cause instanceof SkbookError && cause.code === "DURING_FAILED") cause = cause.cause;
  throw cause;
}

/** Adds up counters of the devices, and of the whole host where they have none. */
async function growths(
  counters: { sender: Table; receiver: Table },
  devices: { sender: string; receiver: string },
): Promise<Growth> {
  const sums = new Map<string, bigint>();
  for (const end of ["sender", "receiver"] as const) {
    const rows = await counters[end].sql(
      `SELECT source, subject, counter, change FROM this WHERE (netns = '${hostNamespace}' OR netns IS NULL)
         AND (source IN ('protocol', 'softnet') OR subject = '${devices[end]}' OR starts_with(subject, '${devices[end]} '))`,
    );
    const values = rows.values as [string, string | null, string, number | bigint | null][];
    if (!values.some(([source, subject]) => source === "link" && subject === devices[end]))
      throw noSuchDevice(counters[end].provenance.host ?? end, devices[end]);
    for (const [source, , counter, change] of values) {
      const key = `${end} ${source} ${counter}`;
      sums.set(key, (sums.get(key) ?? 0n) + BigInt(change ?? 0));
    }
  }
  return (end, source, ...names) =>
    names.reduce((sum, name) => sum + (sums.get(`${end} ${source} ${name}`) ?? 0n), 0n);
}

function noSuchDevice(host: string, device: string): SkbookError {
  return new SkbookError({
    code: "NO_SUCH_DEVICE",
    tried: `read the counters of ${device} on ${host}`,
    failed: "it has no such device in the namespace that commands run in",
    todo: "give one that `ip link` shows there",
  });
}
