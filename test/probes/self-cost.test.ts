import { createSocket } from "node:dgram";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { connect, dropSummary, localhost } from "../../lib/index.js";
import { wrapped } from "../../lib/probes/engine/wrapper.js";
import { bpf, defineCounts, field } from "../../lib/probes/index.js";
import { describeLive } from "../fixtures/needs.js";
import { startSshd } from "../fixtures/sshd.js";

const enabled = () => readFileSync("/proc/sys/kernel/bpf_stats_enabled", "utf8").trim();

async function refusedDatagrams(count: number): Promise<void> {
  const socket = createSocket("udp4");
  for (let i = 0; i < count; i += 1) await new Promise((sent) => socket.send("x", 9, "127.0.0.1", sent));
  socket.close();
}

test("a signal that comes as the command ends does not hide its exit code", async () => {
  const stopsItsParent =
    "kill -s STOP $PPID; kill -s TERM $PPID; { sleep 0.2; kill -s CONT $PPID; } & exit 3";
  const [file = "", ...args] = wrapped(["sh", "-c", stopsItsParent], {
    seconds: 1,
    end: "TERM",
    budget: null,
  });
  expect((await execa(file, args, { reject: false })).exitCode).toBe(3);
});

test("the command hears that it is to end from the one that takes the samples, once it has", async () => {
  const [file = "", ...args] = wrapped(["sh", "-c", "trap 'exit 5' CONT; while :; do sleep 0.1; done"], {
    seconds: 1,
    end: "CONT",
    budget: null,
  });
  const run = execa(file, args, { reject: false, timeout: 20_000 });
  setTimeout(() => run.kill("SIGCONT"), 500);
  expect((await run).exitCode).toBe(5);
});

describeLive("what a probe itself costs", ["root", "bpftrace", "sshd", "tracing"], () => {
  test("is measured by the kernel and stands in the result; the sysctl is not touched", async () => {
    const before = enabled();
    let during = "";
    const seen = await dropSummary(localhost(), {
      seconds: 20,
      dstPort: 9,
      during: async () => {
        await new Promise((later) => setTimeout(later, 1_000));
        await refusedDatagrams(3_000);
        during = enabled();
      },
    });
    expect(seen.values).toMatchObject([[expect.any(String), expect.any(String), "lo", 3_000]]);
    const cost = seen.provenance.details.selfCost as Record<string, number>;
    expect(cost.runs).toBeGreaterThanOrEqual(3_000);
    expect(cost.nsPerRun).toBeGreaterThan(20);
    expect(cost.programShareOfOneCpu).toBeGreaterThan(0);
    expect(cost.programShareOfOneCpu).toBeLessThan(1);
    expect(cost.processShareOfOneCpu).toBeGreaterThanOrEqual(0);
    expect([during, enabled()]).toEqual([before, before]);
  });

  test("what the kernel left out, since another program was running on that CPU, is said", async () => {
    const hooks = ["tracepoint:raw_syscalls:sys_enter", "tracepoint:timer:hrtimer_expire_entry"] as const;
    const interrupted = defineCounts({
      name: "interrupted",
      measures: "timers that expire while a slow program of the same probe runs",
      hooks: { required: hooks },
      fields: [field({ name: "cpu", type: "INTEGER", meaning: "CPU of the timer", say: () => bpf`cpu` })],
      total: { name: "timers", meaning: "timers that expired" },
      program: ({ on, count }) => [
        on(hooks[0], () => bpf`$x = (uint64)0; unroll(100) { @[$x] = nsecs; $x = @[$x] % 7; }`),
        on(hooks[1], count),
      ],
    });
    const seen = await interrupted(localhost(), {
      seconds: 30,
      during: () => execa("timeout", ["4", "dd", "if=/dev/zero", "of=/dev/null", "bs=1"], { reject: false }),
    });
    const { missed } = seen.provenance.details.selfCost as { missed: number };
    expect(missed).toBeGreaterThan(0);
    expect(seen.provenance.notes).toContainEqual(
      expect.stringMatching(/^\d+ times the kernel left a program/),
    );
  });

  test.each([
    ["by python3 where there is no perl", /^perl/, expect.objectContaining({ runs: expect.any(Number) })],
    ["and is unknown without both", /^(perl|python)/, "unknown"],
  ])("%s", async (_, without, cost) => {
    const sshd = await startSshd({
      lines: (folder) => {
        const bin = join(folder, "bin");
        mkdirSync(bin);
        for (const place of ["/usr/bin", "/usr/sbin"]) {
          for (const name of readdirSync(place)) {
            const link = join(bin, name);
            if (!without.test(name) && !existsSync(link)) symlinkSync(join(place, name), link);
          }
        }
        // No .bashrc, which may put further folders into the PATH.
        return [`SetEnv PATH=${bin} HOME=${folder}`];
      },
    });
    try {
      const host = await connect(sshd.destination, sshd.options);
      const seen = await dropSummary(host, { seconds: 2 });
      expect(seen.provenance.details.selfCost).toEqual(cost);
      await host.close();
    } finally {
      sshd.stop();
    }
  });
});
