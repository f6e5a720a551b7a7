import { SkbookError } from "../../errors/index.js";
import { type Host, readText } from "../../hosts/index.js";
import { HookSite, readAt, Site } from "../site.js";
import type { Target } from "../target.js";
import { type Bpf, bpf, textOf } from "../text/bpf.js";
import { nameOf } from "../text/names.js";
import { parseFormat } from "../tracepoint.js";
import { environment } from "./environment.js";

/** Where the kernel says a packet's length and device itself. */
const hook = "tracepoint:net:net_dev_queue";

/** Packets that are looked at, and how long they are waited for. */
const [packets, seconds] = [8, 3];

/** Answers by what was tried: one test for each connection, and file. */
const tested = new WeakMap<object, Promise<readonly string[]>>();

/**
 * Holds a file of BTF that was given against the host's kernel: at a few packets, length and device read by the file have to be what the tracepoint
 * says of them.
 *
 * @returns what a reader must know: that nothing passed, where that was so.
 * @throws SkbookError `BTF_MISMATCH`
 */
export function layoutNote(host: Host, target: Target): Promise<readonly string[]> {
  const key = target.layouts as object;
  const known = tested.get(key) ?? test(host, target);
  tested.set(key, known);
  known.catch(() => tested.delete(key));
  return known;
}

async function test(host: Host, target: Target): Promise<readonly string[]> {
  const format = (await host.kernel()).formats.get("net:net_dev_queue") ?? "";
  const known: Target = {
    ...target,
    hooks: new Map([[hook, [hook]]]),
    tracepoints: new Map([[hook, parseFormat(format)]]),
  };
  const command = ["env", ...environment(target), "bpftrace", "-e", textOf(program(known))];
  const execution = host.start(command, { root: true, deadlineSeconds: 120, session: "exec" });
  // Packets of the host's own, where nothing else passes: over SSH, the lease's beats are some.
  const send = "for i in $(seq 1000); do echo > /dev/udp/127.0.0.1/9; sleep 0.1; done";
  const traffic = host.start(["bash", "-c", send], { deadlineSeconds: 100, session: "exec" });
  const output = await readText(execution, 1_000_000);
  traffic.stop();
  await traffic.ended;
  const lines = output.split("\n").filter((line) => line.startsWith("packet\t"));
  const end = await execution.ended;
  if (lines.length === 0) {
    return [
      `no packet passed while the file of BTF was held against ${target.host}'s kernel: whether it is that kernel's is not proved${end.exitCode === 0 ? "" : `; ${end.stderr.slice(-200)}`}`,
    ];
  }
  const wrong = lines.map((line) => line.split("\t").slice(1)).find((words) => !agrees(words));
  if (wrong !== undefined) throw mismatch(target, wrong);
  return [];
}

function program(target: Target): Bpf {
  const at = new HookSite(new Site(target), hook, true);
  const skb = bpf`$skb`;
  const name = at.name(bpf`$dev`, "net_device.name");
  const said = at.argText("name");
  return bpf`BEGIN { @left = ${packets}; }
tracepoint:net:net_dev_queue {
  if (@left <= 0) { return; }
  @left--;
  ${skb} = ${at.arg("skbaddr")}; $said = ${said}; $dev = ${at.read(skb, "sk_buff.dev")};
  printf("packet\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\n", ${at.arg("len")}, ${at.read(skb, "sk_buff.len")}, ${readAt(bpf`$said`, 8)}, ${readAt(bpf`$said + 8`, 8)}, ${name.first}, ${name.second});
  if (@left == 0) { exit(); }
}
interval:s:${seconds} { exit(); }
`;
}

function agrees([length, read, ...names]: readonly string[]): boolean {
  const [first = "0", second = "0", otherFirst = "0", otherSecond = "0"] = names;
  return length === read && nameOf(first, second) === nameOf(otherFirst, otherSecond);
}

function mismatch({ host, snapshot }: Target, [length, read, ...names]: readonly string[]): SkbookError {
  const [first = "0", second = "0", otherFirst = "0", otherSecond = "0"] = names;
  return new SkbookError({
    code: "BTF_MISMATCH",
    tried: `hold the file of BTF that was given against the kernel of ${host}; nothing was measured`,
    failed: `by the file a packet has ${read} bytes and is on ${JSON.stringify(nameOf(otherFirst, otherSecond))}; the kernel says ${length} bytes on ${JSON.stringify(nameOf(first, second))}`,
    todo: `give the BTF of ${snapshot.kernel}: another build of the same version may have other places`,
    details: { kernel: snapshot.kernel ?? null },
  });
}
