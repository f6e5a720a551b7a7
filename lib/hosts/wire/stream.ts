import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { z } from "zod";
import { type Json, recordedRun } from "../../cases/index.js";
import { interrupted } from "../../cell/index.js";
import { SkbookError } from "../../errors/index.js";
import { readText } from "../bytes.js";
import { execEnd } from "../exec-end.js";
import type { ExecEnd, Host } from "../host.js";
import { receiver, sender } from "./programs.js";

/** A stream of numbered datagrams. */
export interface StreamPlan {
  address: string;
  port: number;
  count: number;
  rate: number;
  payloadBytes: number;
}

const Sent = z.object({
  sent: z.number(),
  refused: z.number(),
  unreachable: z.number(),
  seconds: z.number(),
});
const Received = z.object({
  received: z.number(),
  distinct: z.number(),
  duplicates: z.number(),
  reordered: z.number(),
  overflow: z.number(),
  foreign: z.number(),
});

/** What both ends of a stream counted. */
export type StreamResult = z.output<typeof Sent> & z.output<typeof Received>;

/** How long both may take on top of the stream's own time, in seconds: starting Python, the last datagrams. */
const spareSeconds = 10;

/** Sends a stream from one host to another, each end under a lease. */
export async function sendStream(from: Host, to: Host, plan: StreamPlan): Promise<StreamResult> {
  const stream = String(randomBytes(6).readUIntBE(0, 6));
  const seconds = plan.count / plan.rate + spareSeconds;
  const near = [plan.address, String(plan.port), stream];
  const receiving = start(to, "receiver", receiver, [...near, String(seconds)], plan, seconds + spareSeconds);
  const [line] = await receiving.ready;
  if (line === undefined) await receiving.said;
  const sending = start(
    from,
    "sender",
    sender,
    [...near, ...[plan.count, plan.rate, plan.payloadBytes].map(String)],
    plan,
    seconds,
    receiving.isOver,
  );
  try {
    const [sent, received] = await Promise.all([sending.said, receiving.said]);
    return { ...parsed(Sent, sent, from), ...parsed(Received, received, to) };
  } finally {
    receiving.stop();
    sending.stop();
  }
}

/**
 * Starts one end; `ready` once it has said its first line, or has ended.
 *
 * @param isLate whether it is too late once it is ready: that is an error, which is never recorded as a result.
 */
function start(
  host: Host,
  end: "sender" | "receiver",
  program: string,
  args: string[],
  plan: StreamPlan,
  deadlineSeconds: number,
  isLate: () => boolean = () => false,
): { ready: Promise<unknown[]>; said: Promise<string>; isOver(): boolean; stop(): void } {
  let stop = () => {};
  let over = false;
  const passed = new PassThrough();
  passed.once("end", () => {
    over = true;
  });
  const ready = Promise.race([once(passed, "data"), once(passed, "end")]);
  const run = recordedRun(
    { kind: "exec", name: `stream ${end}`, host: host.name, params: { ...plan } as { [key: string]: Json } },
    execEnd,
    () => {
      const execution = host.start(["python3", "-c", program, ...args], { deadlineSeconds, session: "exec" });
      stop = () => execution.stop();
      const late = ready.then(isLate);
      const outcome = execution.ended.then(async (ended) => {
        if (await late) throw tooLate(host, end);
        return ended;
      });
      return { bytes: execution, outcome };
    },
  );
  const said = (async () => {
    const { bytes, outcome } = await run;
    const text = await readText(tapped(bytes, passed), 2 ** 20, `run the ${end} of a stream on ${host.name}`);
    refuseUnlessEnded(host, end, plan, await outcome);
    return text;
  })();
  said.catch(() => passed.end());
  return { ready, said, isOver: () => over, stop: () => stop() };
}

/** Bytes on their way, also given to a stream. */
async function* tapped(bytes: AsyncIterable<Uint8Array>, to: PassThrough): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    to.write(chunk);
    yield chunk;
  }
  to.end();
}

function tooLate(host: Host, end: string): SkbookError {
  return new SkbookError({
    code: "STREAM_FAILED",
    tried: `run the ${end} of a stream of datagrams on ${host.name}`,
    failed:
      "it was ready only when the other end no longer waited: that host, or its connection, had other work",
    todo: "measure again when fewer probes and commands run there",
  });
}

function refuseUnlessEnded(host: Host, end: string, plan: StreamPlan, result: ExecEnd): void {
  const tried = `run the ${end} of a stream of datagrams on ${host.name}`;
  if (result.canceled) throw interrupted(tried);
  if (result.exitCode === 0) return;
  if (result.exitCode === 127) {
    throw new SkbookError({
      code: "PYTHON_MISSING",
      tried,
      failed: "it has no python3 in the PATH of commands over this connection",
      todo: "install it there: apt-get install python3-minimal, or dnf install python3",
    });
  }
  throw new SkbookError({
    code: "STREAM_FAILED",
    tried,
    failed: result.stderr.trim().split("\n").at(-1) || `it ended with ${result.exitCode ?? "no exit code"}`,
    todo:
      end === "receiver"
        ? `see whether ${plan.address} is an address of that host, and port ${plan.port} is free`
        : `see whether that host has a route to ${plan.address}`,
  });
}

function parsed<Schema extends z.ZodType>(schema: Schema, text: string, host: Host): z.output<Schema> {
  const line = text.trim().split("\n").at(-1) ?? "";
  try {
    return schema.parse(JSON.parse(line));
  } catch (cause) {
    throw new SkbookError({
      code: "STREAM_FAILED",
      tried: `read what a stream's end on ${host.name} counted`,
      failed: `it said ${JSON.stringify(line.slice(0, 200))}`,
      todo: "run the cell again",
      cause,
    });
  }
}
