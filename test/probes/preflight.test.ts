import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  canRun,
  connect,
  dropEvents,
  dropSummary,
  type Host,
  hostFacts,
  live,
  record,
  replay,
} from "../../lib/index.js";
import { isNewEnough } from "../../lib/probes/engine/version.js";
import { type Bpf, bpf, defineCounts, field } from "../../lib/probes/index.js";
import { commandOf } from "../../lib/tables/render/program.js";
import { describeLive } from "../fixtures/needs.js";
import { processesWith } from "../fixtures/processes.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";

test.each([
  ["bpftrace v0.9.4", false],
  ["bpftrace v0.11.3", false],
  ["bpftrace v0.16.0", false],
  ["bpftrace v0.16.0-43-g12ab", false],
  ["bpftrace v0.17.0", true],
  ["bpftrace v0.17.1-2-g9bf8", true],
  ["bpftrace v0.27.1", true],
  ["bpftrace 1.0", true],
  ["bpftrace vGITDIR-NOTFOUND", true],
  ["", true],
])("%j is new enough: %j", (version, enough) => {
  expect(isNewEnough(`/opt/bpftrace-0.11.3/bin/bpftrace\n${version}`)).toBe(enough);
});

describeLive("before a probe is attached", ["root", "bpftrace", "sshd", "tracing"], () => {
  let sshd: Sshd;
  let host: Host;
  beforeAll(async () => {
    sshd = await startSshd();
    host = await connect(sshd.destination, sshd.options);
  });
  afterAll(async () => {
    await host?.close();
    sshd?.stop();
  });

  /** A host whose commands find all that this one's find but bpftrace. */
  async function onPoorHost(prepare: (bin: string) => void, ask: (poor: Host, bare: Sshd) => Promise<void>) {
    const bare = await startSshd({
      lines: (folder) => {
        const bin = join(folder, "bin");
        mkdirSync(bin);
        for (const place of ["/usr/bin", "/usr/sbin"]) {
          for (const name of readdirSync(place)) {
            const link = join(bin, name);
            if (!name.includes("bpftrace") && !existsSync(link)) symlinkSync(join(place, name), link);
          }
        }
        prepare(bin);
        return [`SetEnv PATH=${bin}`];
      },
    });
    try {
      const poor = await connect(bare.destination, bare.options);
      await ask(poor, bare);
      await poor.close();
    } finally {
      bare.stop();
    }
  }

  test("a host without bpftrace is refused, with the way to get it", () =>
    onPoorHost(
      () => {},
      async (poor) => {
        const call = dropSummary(poor, { seconds: 1 });
        await expect(call).rejects.toMatchObject({
          code: "BPFTRACE_MISSING",
          todo: expect.stringContaining("install"),
        });
      },
    ));

  test("so is one whose bpftrace is too old, and canRun says it", () => {
    const old = "#!/bin/sh\necho bpftrace v0.14.0\n";
    return onPoorHost(
      (bin) => writeFileSync(join(bin, "bpftrace"), old, { mode: 0o755 }),
      async (poor) => {
        await expect(dropSummary(poor, { seconds: 1 })).rejects.toMatchObject({
          code: "BPFTRACE_MISSING",
          failed: expect.stringContaining("bpftrace v0.14.0 is too old"),
          todo: expect.stringContaining("0.17.0 or newer"),
        });
        expect((await canRun(poor, dropSummary)).values).toEqual([
          [
            "dropSummary",
            false,
            null,
            null,
            expect.stringContaining("bpftrace v0.14.0 is too old"),
            expect.stringContaining("0.17.0 or newer"),
          ],
        ]);
      },
    );
  });

  test("where there is none on the PATH, the path that was given is run, and a replay knows it", () => {
    const path = "/usr/bin/bpftrace";
    return onPoorHost(
      () => {},
      async (poor, bare) => {
        const host = await connect(bare.destination, { ...bare.options, bpftrace: path });
        const folder = mkdtempSync(join(tmpdir(), "skbook-path-"));
        try {
          await record(join(folder, "case"));
          const recorded = await dropSummary(host, { seconds: 1 });
          const { command } = recorded.provenance.details;
          expect(command).toContain(path);
          expect(command).not.toContain("bpftrace");
          expect(commandOf(command)).toContain(`${path} -f json -B line -e PROGRAM`);
          expect((await hostFacts(host)).values).toContainEqual([
            "tools",
            "bpftrace",
            expect.stringMatching(/\d/),
            null,
          ]);
          await replay(join(folder, "case"));
          const again = await connect(bare.destination, { bpftrace: path });
          expect((await dropSummary(again, { seconds: 1 })).values).toEqual(recorded.values);
        } finally {
          live();
          rmSync(folder, { recursive: true });
          await host.close();
        }
        await expect(dropSummary(poor, { seconds: 1 })).rejects.toMatchObject({ code: "BPFTRACE_MISSING" });
      },
    );
  });

  test.each(["bpftrace", "./bpftrace", "", "-v", "/opt/bpftrace=0.23/bpftrace"])(
    "%j is no path of a bpftrace",
    async (path) => {
      await expect(connect(sshd.destination, { ...sshd.options, bpftrace: path })).rejects.toMatchObject({
        code: "BAD_PARAMETER",
        failed: expect.stringContaining("no absolute path"),
      });
    },
  );

  test.each(["/nowhere/bpftrace", "/usr/bin", "/etc/passwd", "/bin/true"])(
    "at %s is no bpftrace, which is said before anything is attached",
    async (bpftrace) => {
      const wrong = await connect(sshd.destination, { ...sshd.options, bpftrace });
      try {
        await expect(dropSummary(wrong, { seconds: 1 })).rejects.toMatchObject({
          code: "BPFTRACE_MISSING",
          failed: expect.stringContaining(`${bpftrace} is no program that says it is bpftrace`),
          todo: expect.stringContaining("correct the path"),
        });
      } finally {
        await wrong.close();
      }
    },
  );

  test("a replay tells two connections to one host apart by their bpftrace", async () => {
    const folder = mkdtempSync(join(tmpdir(), "skbook-two-"));
    const link = join(folder, "bpftrace");
    symlinkSync("/usr/bin/bpftrace", link);
    const other = await connect(sshd.destination, { ...sshd.options, bpftrace: link });
    try {
      await record(join(folder, "case"));
      const [own, others] = [
        await dropSummary(host, { seconds: 1 }),
        await dropSummary(other, { seconds: 1 }),
      ];
      expect(others.provenance.details.command).toContain(link);
      await replay(join(folder, "case"));
      const again = [
        await connect(sshd.destination, { bpftrace: link }),
        await connect(sshd.destination),
      ] as const;
      expect((await dropSummary(again[0], { seconds: 1 })).provenance.recordingId).toBe(
        others.provenance.recordingId,
      );
      expect((await dropSummary(again[1], { seconds: 1 })).provenance.recordingId).toBe(
        own.provenance.recordingId,
      );
    } finally {
      live();
      await other.close();
      rmSync(folder, { recursive: true });
    }
  });

  const probe = (hooks: object, program: Bpf = bpf`tracepoint:skb:kfree_skb { @counts[1] = count(); }`) =>
    defineCounts({
      name: "ofMyOwn",
      measures: "nothing",
      hooks,
      fields: [field({ name: "number", type: "BIGINT", meaning: "a number", say: () => 1 })],
      total: { name: "count", unit: "packets", meaning: "events" },
      program: () => program,
    });

  test("a tracepoint that the kernel lacks is named", async () => {
    const call = probe({ required: ["tracepoint:skb:no_such_event"] })(host, { seconds: 1 });
    await expect(call).rejects.toMatchObject({ code: "HOOK_MISSING" });
    await expect(call).rejects.toThrow(/no_such_event/);
  });

  test("one of several hooks is enough, and a missing optional one is said", async () => {
    const own = probe(
      {
        required: ["tracepoint:skb:kfree_skb"],
        optional: ["tracepoint:skb:no_such_event"],
        oneOf: [["kprobe:no_such_function", "tracepoint:net:netif_receive_skb"]],
      },
      bpf`tracepoint:net:netif_receive_skb { @counts[1] = count(); }`,
    );
    const seen = await own(host, { seconds: 1 });
    expect(seen.provenance.notes.join()).toContain("no_such_event");
    expect(seen.provenance.details).toMatchObject({
      wanted: [
        "tracepoint:skb:kfree_skb",
        "tracepoint:skb:no_such_event",
        // Every probe's: it tells of the end.
        "tracepoint:signal:signal_generate",
        "kprobe:no_such_function or tracepoint:net:netif_receive_skb",
      ],
      attached: [
        "tracepoint:skb:kfree_skb",
        "tracepoint:signal:signal_generate",
        "tracepoint:net:netif_receive_skb",
      ],
    });
  });

  test("a program that does not attach is an error, although bpftrace says it attached", async () => {
    const own = probe(
      { required: ["tracepoint:skb:kfree_skb"] },
      bpf`tracepoint:skb:kfree_skb { @ = count(); } uprobe:/no/such/file:main { @ = count(); }`,
    );
    await expect(own(host, { seconds: 1 })).rejects.toMatchObject({
      code: "PROBE_NOT_ATTACHED",
      partial: null,
    });
  });

  test("what the verifier refuses is an error with the end of its log", async () => {
    const own = probe(
      { required: ["tracepoint:skb:kfree_skb"] },
      bpf`tracepoint:skb:kfree_skb { $x = (uint64)0; unroll(100) { $x += *(uint8 *)(args->skbaddr + $x); if ($x > 5) { @y[$x] = count(); } } printf("%d\\n", $x); }`,
    );
    const call = own(host, { seconds: 1 });
    await expect(call).rejects.toMatchObject({ code: "VERIFIER_REFUSED", partial: null });
    await expect(call).rejects.toThrow(/dereference of modified ctx.*processed \d+ insns/s);
  });

  test.each([
    ["a wrong type", { seconds: 1, dstPort: "80" }, /dstPort/],
    ["an unknown name", { seconds: 1, destPort: 80 }, /destPort/],
    ["no seconds", {}, /seconds/],
    ["too long", { seconds: 1e9 }, /3600/],
    ["an address that is none", { seconds: 1, src: "300.1.1.1" }, /src/],
    ["a short form of a prefix", { seconds: 1, src: "10/8" }, /src/],
    ["a prefix with octal in it", { seconds: 1, dst: "010.0.0.0/8" }, /dst/],
    ["a device that would be program text", { seconds: 1, device: '"; exit(); //' }, /device/],
    ["a buffer that is no power of two", { seconds: 1, bufferPages: 3 }, /power of two/],
  ])("%s is refused before anything runs", async (_, parameters, said) => {
    const call = dropEvents(host, parameters as never);
    await expect(call).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await expect(call).rejects.toThrow(said);
  });

  test("a reason that the kernel doesn't know is refused with those it knows", async () => {
    const call = dropSummary(host, { seconds: 1, reason: "NO_SUCH_REASON" });
    await expect(call).rejects.toMatchObject({ code: "UNKNOWN_DROP_REASON" });
    await expect(call).rejects.toThrow(/NETFILTER_DROP/);
  });

  test("a recording answers only the program that made it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "skbook-program-"));
    const hooks = { required: ["tracepoint:skb:kfree_skb"] };
    const first = probe(hooks, bpf`interval:ms:100 { @counts[111] = count(); }`);
    const edited = probe(hooks, bpf`interval:ms:100 { @counts[222] = count(); }`);
    try {
      await record(folder);
      const asked = { seconds: 1 };
      const { values } = await first(host, asked);
      expect(values).toEqual([[111, expect.any(Number)]]);
      await replay(folder);
      expect((await first(host, asked)).values).toEqual(values);
      await expect(edited(host, asked)).rejects.toMatchObject({ code: "NOT_RECORDED" });
    } finally {
      live();
      rmSync(folder, { recursive: true });
    }
  });

  test("program text is refused where a value is expected", () => {
    expect(() => bpf`BEGIN { ${"exit();" as never} }`).toThrow(/NOT_PROGRAM_TEXT/);
  });

  test("nothing of all this left a bpftrace behind", () => {
    expect(processesWith("no_such_event", "bpftrace ")).toEqual([]);
  });
});
