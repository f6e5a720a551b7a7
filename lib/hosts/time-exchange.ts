import { callSignal, interrupted } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import { drained } from "./drained.js";
import { leaseSeconds } from "./lease.js";
import { lines } from "./lines.js";
import type { Transport } from "./transport.js";

/**
 * One exchange of time stamps as in NTP (RFC 5905), in nanoseconds: sent (by this process's monotonic clock), received and answered (by
 * the host's real-time clock), answer received (by this process's monotonic clock again).
 */
export type TimeExchange = readonly [sent: bigint, received: bigint, answered: bigint, arrived: bigint];

/**
 * Answers every line with two time stamps; bash reads the clock without starting a program. Like a command under a lease it ends when its input does, or
 * nobody has asked for a while; and by itself.
 */
const script =
  // What login scripts say need not end with its line.
  "echo; LC_ALL=C; export LC_ALL; if bash -c '[ -n \"$EPOCHREALTIME\" ]' 2>/dev/null; then " +
  `exec timeout 60 bash -c 'while read -r -t ${leaseSeconds} line; do t=$EPOCHREALTIME; echo "\${t/./}000 \${EPOCHREALTIME/./}000"; done'; ` +
  `else exec timeout 60 sh -c 'while timeout -s KILL ${leaseSeconds} sh -c "read -r line"; do echo "$(date +%s%N) $(date +%s%N)"; done'; fi`;

/** A host that takes longer for an answer has none. */
const answerSeconds = 10;

/** Exchanges time stamps with a host, one after the other. */
export async function exchangeTimes(
  host: string,
  transport: Transport,
  count: number,
): Promise<TimeExchange[]> {
  const tried = `exchange time stamps with ${host}`;
  const signal = callSignal();
  const patience = { seconds: answerSeconds, signal };
  const channel = await transport.open(["sh", "-c", script], "check", patience).catch((error) => {
    throw signal?.aborted ? interrupted(tried) : error;
  });
  const cancel = () => channel.destroy();
  const patient = setTimeout(cancel, answerSeconds * 1_000);
  signal?.addEventListener("abort", cancel, { once: true });
  channel.stderr.resume();
  channel.stdin.on("error", () => {});
  const exchanges: TimeExchange[] = [];
  try {
    let sent = 0n;
    const send = () => {
      sent = process.hrtime.bigint();
      channel.stdin.write("\n");
    };
    if (signal?.aborted) cancel();
    send();
    for await (const line of eachLine(drained(channel.stdout), tried)) {
      const arrived = process.hrtime.bigint();
      const [received, answered] = /^(\d{15,20}) (\d{15,20})$/.exec(line)?.slice(1).map(BigInt) ?? [];
      if (received === undefined || answered === undefined) continue;
      patient.refresh();
      exchanges.push([sent, received, answered, arrived]);
      if (exchanges.length >= count) break;
      send();
    }
  } finally {
    clearTimeout(patient);
    signal?.removeEventListener("abort", cancel);
    channel.stdin.end();
    channel.destroy();
  }
  if (signal?.aborted) throw interrupted(tried);
  if (exchanges.length < count) throw brokenOff(tried, exchanges.length);
  return exchanges;
}

/** Two time stamps, or what login scripts say. */
const maxLineBytes = 2 ** 16;

async function* eachLine(bytes: AsyncIterable<Uint8Array>, tried: string): AsyncGenerator<string> {
  for await (const together of lines(bytes, maxLineBytes, tried)) yield* together;
}

function brokenOff(tried: string, count: number): SkbookError {
  return new SkbookError({
    code: "CLOCK_UNREADABLE",
    tried,
    failed: `it ended after ${count} answers: the connection broke, or the host's date command has no nanoseconds and it has no bash 5`,
    todo: "connect() again, or install bash or coreutils there",
  });
}
