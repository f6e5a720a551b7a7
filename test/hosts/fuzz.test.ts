import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gunzipSync, gzipSync } from "node:zlib";
import pLimit from "p-limit";
import { expect, test } from "vitest";
import { packageRoot } from "../../kernel/package.js";
import { jupyterDisplay } from "../../lib/cell/index.js";
import { ConnectedHost } from "../../lib/hosts/connected-host.js";
import type { Channel, Transport } from "../../lib/hosts/transport.js";
import * as skbook from "../../lib/index.js";
import { type Random, randomNumbers } from "../fixtures/random.js";
import { sweep } from "../fixtures/sweep.js";
import { neededBy } from "../probes/needed.js";
import { layoutsOf } from "../probes/target.js";

/** What hosts said when the case was recorded, by the name of what they were asked. */
const recorded = new Map<string, Buffer>();
const folder = join(packageRoot, "datasets", "where-did-my-packets-go");
for (const line of readFileSync(join(folder, "journal.log"), "utf8").trim().split("\n")) {
  const { request, payload } = JSON.parse(line.slice(65));
  if (request.kind === "snapshot" && payload !== null)
    recorded.set(request.name, plain(gunzipSync(readFileSync(join(folder, payload.path)))));
}
/** Large snapshots travel compressed. */
function plain(said: Buffer): Buffer {
  return said[0] === 0x1f && said[1] === 0x8b ? gunzipSync(said) : said;
}

/** What programs of probes printed, by the probe's name. */
const printed = new Map<string, Buffer>();
for (const layer of readdirSync(join(packageRoot, "probes"))) {
  const samples = join(packageRoot, "probes", layer, "sample");
  for (const file of existsSync(samples) ? readdirSync(samples) : []) {
    const name = /^(.*)\.recording\.txt$/.exec(file)?.[1];
    const text = name === undefined ? "" : readFileSync(join(samples, file), "utf8");
    if (name !== undefined) printed.set(name, Buffer.from(text.slice(text.indexOf("\n") + 1)));
  }
}

const nasty: readonly string[] = [
  ...[
    "",
    "-1",
    "NaN",
    "1e999",
    "9".repeat(400),
    "0x",
    "null",
    "18446744073709551616",
    "-9223372036854775809",
  ],
  ...["{}", "[]", "[[[[", '{"type": "map", "data": null}', '{"type": "map", "data": {"@counts": {"": "x"}}}'],
  ...['{"type": "printf", "data": 7}', '{"type": "printf", "data": "row:0"}', '{"type": "lost_events"}'],
  ...['{"type": "map", "data": {"@emitted_0": {"a": []}}}', '{"type": "printf", "data": "end\\t-"}'],
  ...[
    "\u001e",
    "\u001f",
    "\u001ecomplete\u001f",
    "\0",
    "\n",
    "\t",
    "\u001b]0;title\u0007",
    "\u2028",
    "\ud800",
  ],
  ...["<script>", "__proto__", "constructor", "../../etc/passwd", "a".repeat(70_000)],
];

/** What a host says, changed here and there as no program of ours would say it. */
function changed(said: Buffer, random: Random): Buffer {
  const below = (most: number) => Math.floor(random() * most);
  let text = said.toString("latin1");
  const changes = 1 + below(4);
  for (let change = 0; change < changes; change += 1) {
    const at = below(text.length + 1);
    const length = below(random() < 0.5 ? 4 : 400);
    const token = nasty[below(nasty.length)] as string;
    const numbers = [...text.slice(at, at + 4_000).matchAll(/\d+/g)];
    const number = numbers[below(numbers.length)];
    switch (below(7)) {
      case 0:
        text = text.slice(0, at);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(at + length);
        break;
      case 2:
        text = text.slice(0, at) + text.slice(at, at + length).repeat(3) + text.slice(at + length);
        break;
      case 3:
        text = text.slice(0, at) + token + text.slice(at + below(8));
        break;
      case 4:
        text = text.slice(0, at) + String.fromCharCode(below(256)).repeat(1 + below(3)) + text.slice(at + 1);
        break;
      case 5:
        if (number !== undefined) {
          const place = at + number.index;
          text = text.slice(0, place) + token + text.slice(place + number[0].length);
        }
        break;
      case 6: {
        const lines = text.split("\n");
        const [one, other] = [below(lines.length), below(lines.length)];
        [lines[one], lines[other]] = [lines[other] as string, lines[one] as string];
        text = lines.join("\n");
      }
    }
  }
  return Buffer.from(text, "latin1");
}

/** A host that says what others said, changed. */
function fuzzedHost(name: string, random: Random): ConnectedHost {
  const answer = (command: readonly string[]): string | Buffer => {
    const text = command.join(" ");
    if (text.includes("echo gone")) return random() < 0.9 ? "gone\n" : "\u001b[2J";
    if (text.includes("id -u") && !text.includes("say ")) return random() < 0.95 ? "0\n" : "x";
    if (text.includes("BPFTRACE_STRLEN")) return changed(printed.get(name) ?? Buffer.alloc(0), random);
    if (text.includes("EPOCHREALTIME"))
      return changed(Buffer.from("1795954315966381307 1795954315966382307\n".repeat(3)), random);
    const marks = {
      kernel: "say formats",
      host: "say netns; stat",
      topology: "ip nsenter ethtool ovs-vsctl",
      counters: "ip tc nsenter",
    };
    const found = Object.entries(marks).find(([, mark]) => text.includes(mark))?.[0] ?? "";
    const said = recorded.get(found) ?? Buffer.from("\u001euid\u001f0\u001ecomplete\u001f");
    // What is asked of every probe stays as it was most of the time, so that there is something to read behind it.
    const asked = ["kernel", "host"].includes(found) && !["hostFacts", "canRun"].includes(name);
    if (asked && random() < 0.8) return said;
    const bytes = changed(said, random);
    return found === "kernel" && random() < 0.5 ? gzipSync(bytes) : bytes;
  };
  const transport: Transport = {
    async open(command, use) {
      const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
      stdin.resume();
      const exitCode = random() < 0.95 ? 0 : 1;
      if (use !== "check" || command.join(" ").includes("skbook-lease")) {
        const noise = random() < 0.2 ? "motd without an end" : "";
        stdout.write(`${noise}skbook-begin\n`);
        stderr.write(`${noise}skbook-lease ${100 + Math.floor(random() * 1_000)}\n`);
      }
      stdout.end(answer(command));
      stderr.end(random() < 0.2 ? (nasty[Math.floor(random() * nasty.length)] as string) : "");
      const end: Channel["end"] = new Promise((resolve) => {
        stdout.once("end", () => resolve({ exitCode, signal: null, lost: null }));
        stdout.once("close", () => resolve({ exitCode: null, signal: null, lost: null }));
      });
      return {
        stdin,
        stdout,
        stderr,
        end,
        destroy: () => [stdout, stderr].map((stream) => stream.destroy()),
      };
    },
    async close() {},
  };
  class Fuzzed extends ConnectedHost {
    override async btf() {
      return { layouts: layoutsOf(), source: "host" as const, missing: [], notes: [] };
    }
  }
  return new Fuzzed("h-fuzz", transport);
}

const quick = { seconds: 0.5, attachSeconds: 1 };

const calls: { readonly [name: string]: (host: ConnectedHost) => Promise<unknown> } = {
  hostFacts: skbook.hostFacts,
  topology: skbook.topology,
  counters: (host) => skbook.hostCounters(host, { seconds: 0.5 }),
  softnet: (host) => skbook.softnetCounters(host, { seconds: 0.5 }),
  threads: (host) => skbook.threadCpu(host, { seconds: 0.5 }),
  interrupts: (host) => skbook.irqAffinity(host, { seconds: 0.5 }),
  queues: (host) => skbook.queueAffinity(host),
  canRun: skbook.canRun,
  clockOffset: (host) => skbook.clockOffset(host, host, { exchanges: 2 }),
  exec: (host) => host.exec(["true"]),
  ...Object.fromEntries(
    [...printed.keys()]
      .filter((name) => name in skbook)
      .map((name) => [
        name,
        (host: ConnectedHost) =>
          (skbook as unknown as Record<string, (host: ConnectedHost, given: object) => Promise<unknown>>)[
            name
          ]?.(host, { ...quick, ...neededBy[name] }) ?? Promise.resolve(),
      ]),
  ),
};

/** What is shown of it, too. */
async function shown(value: unknown): Promise<void> {
  const display = (value as { [jupyterDisplay]?: () => unknown } | null)?.[jupyterDisplay];
  await display?.call(value);
}

test("what hosts say, changed, is an answer or an error with a code that names the host", {
  timeout: 3_600_000,
}, async () => {
  const count = sweep("changed transcripts of hosts", 2_000, 200);
  const seed = Number(process.env.SKBOOK_FUZZ_SEED ?? Date.now() % 1_000_000);
  const names = Object.keys(calls);
  const wrong: string[] = [];
  const outcomes = new Map<string, number>();
  const unhandled = (error: unknown) => wrong.push(`unhandled: ${error}`);
  process.on("unhandledRejection", unhandled);
  // A kernel's snapshot takes some ten megabytes while it is read.
  const limit = pLimit(4);
  // What V8 has not collected yet is no need.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const before = process.memoryUsage().rss;
  let most = before;
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      limit(async () => {
        const name = names[index % names.length] as string;
        const random = randomNumbers(seed * 10_000 + index);
        // Neighbouring seeds begin alike.
        for (let skipped = 0; skipped < 8; skipped += 1) random();
        const host = fuzzedHost(name, random);
        const what = `${name}, number ${index} of seed ${seed}`;
        try {
          await shown(await calls[name]?.(host));
          outcomes.set("answer", (outcomes.get("answer") ?? 0) + 1);
        } catch (error) {
          const code = error instanceof skbook.SkbookError ? error.code : "none";
          outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
          if (code === "none") wrong.push(`${what}: ${error instanceof Error ? error.stack : error}`);
          else if (!String(error).includes("h-fuzz")) wrong.push(`${what}: no host in ${error}`);
        }
        most = Math.max(most, process.memoryUsage().rss);
        if (index % 10 === 0) collect();
      }),
    ),
  );
  process.off("unhandledRejection", unhandled);
  console.log(Object.fromEntries([...outcomes].sort()), `${Math.round((most - before) / 2 ** 20)} MiB more`);
  expect(wrong.slice(0, 20)).toEqual([]);
  expect(outcomes.get("answer")).toBeGreaterThan(count / 20);
  expect(most - before).toBeLessThan(500 * 2 ** 20);
});
