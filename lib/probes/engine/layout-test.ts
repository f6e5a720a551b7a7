import { SkbookError } from "../../errors/index.js";
import { type Host, readText } from "../../hosts/index.js";
import { HookSite, readAt, Site } from "../site.js";
import type { Target } from "../target.js";
import { attachPoint, type Bpf, bpf, format, joined, textOf } from "../text/bpf.js";
import { nameOf } from "../text/names.js";
import { parseFormat } from "../tracepoint.js";
import { environment } from "./environment.js";

/** Where the kernel says itself of a packet what it reads of its structs. */
const event = "net:net_dev_start_xmit";
const hook = `tracepoint:${event}`;

/** Packets that are looked at, and how long they are waited for. */
const [packets, seconds] = [8, 3];

/** Answers: one test for each connection, which has one file. */
const tested = new WeakMap<Host, Promise<readonly string[]>>();

/**
 * Holds a file of BTF that was given against the host's kernel: at a few packets, what is read by the file (the device's name, lengths, the header's place, ...)
 * has to be what the tracepoint says of them.
 *
 * @returns what a reader must know: that nothing passed, where that was so.
 * @throws SkbookError `BTF_MISMATCH`
 */
export function layoutNote(host: Host, target: Target): Promise<readonly string[]> {
  const known = tested.get(host) ?? test(host, target);
  tested.set(host, known);
  known.catch(() => tested.delete(host));
  return known;
}

async function test(host: Host, target: Target): Promise<readonly string[]> {
  const tried = `hold a file of BTF against ${host.name}'s kernel`;
  const { formats } = await host.kernel();
  const known: Target = {
    ...target,
    hooks: new Map([[hook, [hook]]]),
    tracepoints: new Map([[hook, parseFormat(formats.get(event) ?? "")]]),
  };
  const command = [...environment(target), host.bpftrace, "-e", textOf(program(known))];
  const execution = host.start(command, { root: true, deadlineSeconds: 120, session: "exec" });
  // Packets of the host's own, where nothing else passes: over SSH, the lease's beats are some.
  const send = "for i in $(seq 1000); do echo > /dev/udp/127.0.0.1/9; sleep 0.1; done";
  const traffic = host.start(["bash", "-c", send], { deadlineSeconds: 100, session: "exec" });
  // Unread, it would not end.
  const silence = readText(traffic, 1_000, tried);
  const output = await readText(execution, 1_000_000, tried).finally(() => traffic.stop());
  await silence;
  const lines = output.split("\n").filter((line) => line.startsWith("packet\t"));
  const end = await execution.ended;
  if (lines.length === 0) {
    return [
      `no packet passed while the file of BTF was held against ${target.host}'s kernel: whether it is that kernel's is not proved${end.exitCode === 0 ? "" : `; ${end.stderr.slice(-200)}`}`,
    ];
  }
  const different = lines.flatMap((line) => differences(line.split("\t").slice(1)));
  if (different.length > 0) throw mismatch(target, [...new Set(different)].slice(0, 5));
  return [];
}

/** What is compared, in the order in which it is printed; then both names of the device. */
const compared = ["len", "data_len", "queue_mapping", "network_offset"] as const;

function program(target: Target): Bpf {
  const at = new HookSite(new Site(target), hook, true);
  const read = (field: string) => at.read(bpf`$skb`, `sk_buff.${field}`);
  const name = at.name(bpf`$dev`, "net_device.name");
  const byFile = {
    len: read("len"),
    data_len: read("data_len"),
    queue_mapping: read("queue_mapping"),
    network_offset: bpf`((${read("head")} + ${read("network_header")} - ${read("data")}) & 0xffffffff)`,
  };
  const words = [
    ...compared.flatMap((what) => [at.arg(what), byFile[what]]),
    ...[readAt(bpf`$said`, 8), readAt(bpf`$said + 8`, 8), name.first, name.second],
  ];
  const directives = words.map(() => "%lld" as const);
  return bpf`BEGIN { @left = ${packets}; }
${attachPoint(hook)} {
  if (@left <= 0) { return; }
  @left--;
  $skb = ${at.arg("skbaddr")}; $said = ${at.argText("name")}; $dev = ${read("dev")};
  printf(${format("packet", directives)}, ${joined(words, ", ")});
  if (@left == 0) { exit(); }
}
interval:s:${seconds} { exit(); }
`;
}

/** What the kernel says of a packet in other words than the file would have it: `len 84, not 3735928559`. */
function differences(words: readonly string[]): string[] {
  const numbers = compared.map((what, at) => [what, words[2 * at], words[2 * at + 1]] as const);
  const [first = "0", second = "0", otherFirst = "0", otherSecond = "0"] = words.slice(2 * compared.length);
  const names = ["device", nameOf(first, second), nameOf(otherFirst, otherSecond)] as const;
  return [...numbers, names]
    .filter(([, said, read]) => said !== read)
    .map(([what, said, read]) => `${what} ${said}, not ${JSON.stringify(read)}`);
}

function mismatch({ host, snapshot }: Target, different: readonly string[]): SkbookError {
  return new SkbookError({
    code: "BTF_MISMATCH",
    tried: `hold the file of BTF that was given against the kernel of ${host}; nothing was measured`,
    failed: `of a packet the kernel says other things than are read by the file: ${different.join(", ")}`,
    todo: `give the BTF of ${snapshot.kernel}: another build of the same version may have other places`,
    details: { kernel: snapshot.kernel ?? null },
  });
}
