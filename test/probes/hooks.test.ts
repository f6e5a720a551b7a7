import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseKernelSnapshot } from "../../lib/hosts/index.js";
import { live, localhost, lockSummary, record, replay } from "../../lib/index.js";
import { parseParameters } from "../../lib/probes/engine/parameters.js";
import { checkedTarget, preflight } from "../../lib/probes/engine/preflight.js";
import { render } from "../../lib/probes/engine/render.js";
import { type Hooks, type KernelHooks, resolveHooks } from "../../lib/probes/hooks.js";
import { defineCounts } from "../../lib/probes/index.js";
import { cLibraryOf } from "../../lib/probes/library.js";
import { describeLive } from "../fixtures/needs.js";
import { targetOf } from "./target.js";

/** As the script of the snapshot prints them. */
const functions = [
  "+ip_rcv",
  "+tcp_v4_rcv.isra.0",
  "+nf_hook.constprop.0",
  "+nf_hook.constprop.1.isra.0",
  "+tail.part.0",
  "+whole",
  "+whole.part.0",
  "+both",
  "+both.constprop.0",
  "-native_safe_halt",
  "+twice",
  "+twice",
  "+ip_rcv_core.isra.0",
  "+ovs_dp_upcall [openvswitch]",
].join("\n");

const format = (...fields: string[]) =>
  [
    "name: kfree_skb",
    "ID: 1",
    "format:",
    ...fields.map((field) => `\tfield:void * ${field};\toffset:8;\tsize:8;\tsigned:0;`),
  ].join("\n");

function kernel(hasKprobes = true, fields = ["skbaddr", "location", "reason"]): KernelHooks {
  const formats = `\u001d/sys/kernel/tracing/events/skb/kfree_skb/format\n${format(...fields)}`;
  return {
    kernel: "6.1.0",
    hasKprobes,
    hasUprobes: true,
    snapshot: parseKernelSnapshot({ functions, formats }),
  };
}

const found = (hooks: Hooks, of = kernel()) => Object.fromEntries(resolveHooks(hooks, of).found);
const missing = (hooks: Hooks, of = kernel()) => resolveHooks(hooks, of).missing;

describe("hooks", () => {
  test.each([
    ["the function itself", "kprobe:ip_rcv", ["kprobe:ip_rcv"]],
    ["a copy under another name", "kprobe:tcp_v4_rcv", ["kprobe:tcp_v4_rcv.isra.0"]],
    [
      "all copies",
      "kretprobe:nf_hook",
      ["kretprobe:nf_hook.constprop.0", "kretprobe:nf_hook.constprop.1.isra.0"],
    ],
    ["the function and its copy", "kprobe:both", ["kprobe:both", "kprobe:both.constprop.0"]],
    ["a part where nothing else is left", "kprobe:tail", ["kprobe:tail.part.0"]],
    ["no part of a function that is there", "kprobe:whole", ["kprobe:whole"]],
    ["a function of a module", "kprobe:ovs_dp_upcall", ["kprobe:ovs_dp_upcall"]],
    ["a timer", "profile:hz:99", ["profile:hz:99"]],
  ])("%s: %s", (_, hook, places) => {
    expect(found({ required: [hook] })).toEqual({ [hook]: places });
  });

  test.each([
    ["kprobe:no_such_function", /no function no_such_function/],
    ["kprobe:ip_rcv_cor", /no function ip_rcv_cor/],
    ["kprobe:native_safe_halt", /doesn't let native_safe_halt be probed/],
    ["kprobe:twice", /2 functions named twice/],
    ["tracepoint:skb:no_such_event", /no tracepoint:skb:no_such_event$/],
    ["tracepoint:openvswitch:ovs_dp_upcall", /nor any other of openvswitch/],
  ])("%s is not there, and why", (hook, why) => {
    expect(missing({ required: [hook] })).toMatchObject([
      { hook, optional: false, why: expect.stringMatching(why) },
    ]);
    expect(missing({ optional: [hook] })).toMatchObject([{ hook, optional: true }]);
  });

  test("without kprobes no function is there, and tracepoints are", () => {
    const hooks = { required: ["kprobe:ip_rcv", "tracepoint:skb:kfree_skb"] };
    expect(found(hooks, kernel(false))).toEqual({ "tracepoint:skb:kfree_skb": ["tracepoint:skb:kfree_skb"] });
    expect(missing(hooks, kernel(false))[0]?.why).toMatch(/no kprobes/);
  });

  test("the tracepoint where it has a reason, else the function", () => {
    const hooks: Hooks = {
      oneOf: [
        [{ hook: "tracepoint:skb:kfree_skb", field: "reason" }, "kprobe:kfree_skb_reason", "kprobe:ip_rcv"],
      ],
    };
    expect(Object.keys(found(hooks))).toEqual(["tracepoint:skb:kfree_skb"]);
    expect(Object.keys(found(hooks, kernel(true, ["skbaddr"])))).toEqual(["kprobe:ip_rcv"]);
    expect(missing(hooks, kernel(false, ["skbaddr"]))).toMatchObject([
      { hook: "tracepoint:skb:kfree_skb with reason or kprobe:kfree_skb_reason or kprobe:ip_rcv" },
    ]);
  });

  test("a clause attaches to all copies, and to no name that would be program text", () => {
    const program = (places: string[], asked = "kprobe:f") => {
      const { definition } = defineCounts({
        name: "own",
        measures: "calls",
        hooks: { optional: ["kprobe:f"] },
        fields: [],
        total: { name: "calls", meaning: "calls" },
        program: ({ on, count }) => on(asked, count),
      });
      const { common, own } = parseParameters("own", definition.parameters, { seconds: 1 });
      const hooks = new Map(places.length === 0 ? [] : [["kprobe:f", places]]);
      return render(definition, own, common, targetOf({}, { hooks })).text;
    };
    expect(program(["kprobe:f.isra.0", "kprobe:f.isra.1"])).toMatch(
      /^kprobe:f\.isra\.0, kprobe:f\.isra\.1 \{/m,
    );
    expect(program([])).not.toContain("kprobe");
    expect(() => program(["kprobe:f { exit(); } BEGIN"])).toThrow(/NOT_PROGRAM_TEXT/);
    expect(() => program([], "kprobe:g")).toThrow(/kprobe:g is none of its hooks; these are kprobe:f/);
  });
});

describe("before a probe is attached", () => {
  const root = { uid: "0", tracing: "/sys/kernel/tracing", machine: "x86_64", "btf.given": "yes" };
  const checked = (said: string, btf: string, hooks: Hooks) => {
    const snapshot = { ...root, "tool.bpftrace": `/usr/bin/bpftrace\n${said}`, btf };
    const checks = preflight({ ...targetOf({}), snapshot }, resolveHooks(hooks, kernel()), {});
    return checks.filter(({ ok }) => !ok);
  };
  const tracepoint = { required: ["tracepoint:skb:kfree_skb"] };

  test.each([
    ["bpftrace v0.17.0", "", tracepoint, []],
    ["bpftrace v0.23.2", "/sys/kernel/btf/vmlinux", tracepoint, []],
    ["bpftrace v0.23.2", "", { required: ["kprobe:ip_rcv"] }, []],
    ["bpftrace v0.23.2", "", tracepoint, ["BTF_MISSING"]],
  ] as const)(
    "%s, with BTF of the kernel's own at %j, for %j: refused with %j",
    (said, btf, hooks, codes) => {
      const failed = checked(said, btf, hooks);
      expect(failed.map(({ code }) => code)).toEqual(codes);
      for (const { todo } of failed) expect(todo).toContain("bpftrace 0.17");
    },
  );

  test.each([
    [{ uid: "1000" }, "ROOT_NEEDED"],
    [{ uprobes: "" }, "HOOK_MISSING"],
    [{ "tool.bpftrace": "bpftrace v0.17.0" }, "OTHER_PROCESSES"],
  ])("a host that says %j is asked nothing of its processes", async (said, code) => {
    const snapshot = {
      ...{ ...root, btf: "/sys/kernel/btf/vmlinux", "tool.bpftrace": "bpftrace v0.23.2", uprobes: "yes" },
      ...said,
    };
    const host = {
      name: "lab",
      snapshot: async () => snapshot,
      kernel: async () => kernel().snapshot,
      forget: () => {},
    };
    const of = { process: 42, others: false };
    await expect(
      checkedTarget(host as never, lockSummary.definition, lockSummary.definition.hooks, of),
    ).rejects.toMatchObject({ code });
  });
});

describeLive("the snapshot of a kernel", ["root", "tracing"], () => {
  test("has the formats of its tracepoints, and answers from a case", async () => {
    const folder = mkdtempSync(join(tmpdir(), "skbook-kernel-"));
    try {
      await record(join(folder, "case"));
      const taken = await localhost().kernel();
      expect(taken.formats.get("skb:kfree_skb")).toMatch(/^name: kfree_skb\n.*field:.*skbaddr.*print fmt/s);
      expect(taken.formats.size).toBeGreaterThan(100);
      await replay(join(folder, "case"));
      expect(await localhost().kernel()).toEqual(taken);
    } finally {
      live();
      rmSync(folder, { recursive: true });
    }
  });
});

describe("functions of a process's library", () => {
  const hostOf = (sections: { [name: string]: string }) =>
    ({
      name: "lab",
      canBeRoot: async () => true,
      start: () => {
        const text = Object.entries({ ...sections, complete: "" })
          .map(([name, value]) => `\u001e${name}\u001f${value}\n`)
          .join("");
        const bytes = (async function* () {
          yield Buffer.from(text);
        })();
        return Object.assign(bytes, { ended: Promise.resolve({ exitCode: 0 }) });
      },
    }) as never;
  const rangesOf = (maps: string) => maps.replaceAll(/ .*/g, "");
  const library = (maps: string, more = {}) =>
    cLibraryOf(hostOf({ exe: "/usr/sbin/daemon", maps, named: rangesOf(maps), ...more }), 42);
  const line = (from: string, path: string) => `${from}-${from}0 r-xp 00026000 fe:00 1234       ${path}`;
  const hookOf = async (maps: string) => (await library(maps)).hook("uprobe", "pthread_mutex_lock");

  test("are named by the place of that file in its memory, never by what a host calls it", async () => {
    const c = line("7f00a", "/usr/lib/x86_64-linux-gnu/libc.so.6");
    const own = line("7f00b", "/lib64/libpthread-2.28.so");
    const odd = line("7f00c", '/tmp/libc-2.so:x { system("reboot"); } BEGIN');
    expect(await hookOf(c)).toBe("uprobe:/proc/42/map_files/7f00a-7f00a0:pthread_mutex_lock");
    expect(await hookOf(`${c}\n${own}`)).toBe("uprobe:/proc/42/map_files/7f00b-7f00b0:pthread_mutex_lock");
    expect(await hookOf(odd)).toBe("uprobe:/proc/42/map_files/7f00c-7f00c0:pthread_mutex_lock");
    expect(await hookOf(line("7f00d", "/usr/sbin/daemon"))).toContain("/7f00d-7f00d0:");
    expect((await library(c, { elsewhere: "yes" })).isElsewhere).toBe(true);
    const target = { ...kernel(), library: await library(c) };
    expect(found({ required: ["uretprobe:pthread_mutex_lock"] }, target)).toEqual({
      "uretprobe:pthread_mutex_lock": ["uretprobe:/proc/42/map_files/7f00a-7f00a0:pthread_mutex_lock"],
    });
  });

  test("a process that isn't there, and a kernel without uprobes, are refused", async () => {
    await expect(library("")).rejects.toMatchObject({ code: "NO_SUCH_PROCESS" });
    for (const maps of [
      line("zz", "/lib/libc.so.6"),
      line("7f00a", "[vdso]"),
      line("7f00a", "/lib/other.so"),
    ])
      await expect(library(maps)).rejects.toMatchObject({ code: "HOOK_MISSING" });
    // Since glibc 2.34 a library of this name may be there for old programs, and is empty.
    const [empty, c] = [line("7f00a", "/lib/libpthread.so.0"), line("7f00b", "/lib/libc.so.6")];
    const chosen = await library(`${empty}\n${c}`, { named: "7f00b-7f00b0" });
    expect(chosen.hook("uprobe", "pthread_mutex_lock")).toContain("/7f00b-7f00b0:");
    await expect(library(empty, { named: "" })).rejects.toMatchObject({ code: "HOOK_MISSING" });
    const [without] = missing(
      { required: ["uprobe:pthread_mutex_lock"] },
      { ...kernel(), hasUprobes: false },
    );
    expect(without?.why).toContain("has no uprobes");
  });
});
