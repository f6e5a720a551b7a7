import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canRun, localhost, lockSummary } from "../../lib/index.js";
import { isNewEnough, oldestForOneProcess } from "../../lib/probes/engine/version.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";

/**
 * Two threads that take a mutex in turns, so many times as a line says: one holds it for 30 ms, and a read-write lock with it, while the other waits for it. Says the nanoseconds that calls of the
 * other one took altogether, by its own clock.
 */
const program = `
import ctypes, os, sys, threading, time
libc = ctypes.CDLL("libc.so.6")
mutex, both = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
print(os.getpid(), hex(ctypes.addressof(mutex)), hex(ctypes.addressof(both)), flush=True)
for line in sys.stdin:
  held, done, spent = threading.Event(), threading.Event(), 0
  def hold():
    for _ in range(int(line)):
      libc.pthread_mutex_lock(mutex); libc.pthread_rwlock_wrlock(both); held.set()
      time.sleep(0.03)
      libc.pthread_rwlock_unlock(both); libc.pthread_mutex_unlock(mutex)
      done.wait(); done.clear()
  holder = threading.Thread(target=hold); holder.start()
  for _ in range(int(line)):
    held.wait(); held.clear()
    began = time.monotonic_ns(); libc.pthread_mutex_lock(mutex); spent += time.monotonic_ns() - began
    libc.pthread_mutex_unlock(mutex); done.set()
  holder.join(); print(spent, flush=True)
`;
const times = 12;

describeLive("locks of a process", ["root", "bpftrace", "tracing"], () => {
  const isOld = !isNewEnough(
    execFileSync("bpftrace", ["--version"], { encoding: "utf8" }),
    oldestForOneProcess,
  );
  const others = isOld ? { others: true } : {};
  // A library of its own: no other process stops at its functions.
  const folder = mkdtempSync(join(tmpdir(), "skbook-libc-"));
  let scene: ReturnType<typeof start>;
  let [pid, mutex, both] = [0, "", ""];
  const start = () =>
    execa("python3", ["-c", program], {
      env: { LD_LIBRARY_PATH: folder },
      reject: false,
      buffer: false,
    });
  let lines: AsyncIterator<string>;
  const said = async () => String((await lines.next()).value);
  beforeAll(async () => {
    const library = execFileSync("grep", ["-om1", "/.*/libc[-.].*", "/proc/self/maps"], { encoding: "utf8" });
    copyFileSync(library.trim(), join(folder, "libc.so.6"));
    scene = start();
    lines = createInterface(scene.stdout)[Symbol.asyncIterator]();
    const words = (await said()).split(" ");
    [pid, mutex, both] = [Number(words[0]), words[1] ?? "", words[2] ?? ""];
  });
  afterAll(async () => {
    scene?.kill("SIGKILL");
    await scene;
    rmSync(folder, { recursive: true });
  });
  const asked = { seconds: 30, ...others };

  test("are waited for as long as they are held, by lock, thread and caller, whoever names the library how", async () => {
    let spent = 0;
    const seen = await lockSummary(localhost(), {
      ...{ ...asked, process: pid, by: ["function", "lock", "thread", "result", "caller"] },
      during: async () => {
        const answer = said();
        scene.stdin.write(`${times}\n`);
        spent = Number(await answer);
      },
    });
    expect(seen.provenance).toMatchObject({ lost: 0, partial: false });
    const own = rowsOf(seen).filter(({ lock }) => lock === mutex || lock === both);
    const waited = own.filter(({ thread }) => thread === pid);
    expect(waited).toHaveLength(1);
    expect(waited[0]).toMatchObject({ function: "pthread_mutex_lock", lock: mutex, result: "locked" });
    expect(waited[0]).toMatchObject({ interval: "waiting", count: times });
    expect(Number(waited[0]?.total_ns)).toBeLessThanOrEqual(spent);
    expect(Number(waited[0]?.total_ns)).toBeGreaterThan(spent / 2);
    const holder = own.filter(({ thread }) => thread !== pid);
    expect(holder.map((row) => [row.function, row.lock, row.count])).toEqual(
      expect.arrayContaining([
        ["pthread_mutex_lock", mutex, times],
        ["pthread_rwlock_wrlock", both, times],
      ]),
    );
    for (const row of own) expect(isCode(row.caller), String(row.caller)).toBe(true);
    expect(seen.provenance.notes.join()).toContain(isOld ? "other processes that run the same library" : "");
  });

  test("only those of the functions and threads that were asked for", async () => {
    const seen = await lockSummary(localhost(), {
      ...{ ...asked, process: pid, functions: ["pthread_rwlock_wrlock"], by: ["function", "user_stack"] },
      during: async () => {
        const answer = said();
        scene.stdin.write("2\n");
        await answer;
      },
    });
    const rows = rowsOf(seen);
    expect(rows.reduce((sum, { count }) => sum + Number(count), 0)).toBe(2);
    for (const row of rows) {
      expect(row.function).toBe("pthread_rwlock_wrlock");
      // From 0.20 on, bpftrace names functions.
      expect(row.user_stack).toMatch(isOld ? /^0x[0-9a-f]+( < 0x[0-9a-f]+)*$/ : /pthread_rwlock_wrlock\+0/);
    }
  });

  test("nothing is attached where other processes would be stopped, nor of a process that isn't there", async () => {
    const host = localhost();
    for (const process of [4_194_304, 2])
      await expect(lockSummary(host, { ...asked, process })).rejects.toMatchObject({
        code: "NO_SUCH_PROCESS",
      });
    const [row] = rowsOf(await canRun(host, lockSummary));
    expect(row).toMatchObject({ probe: "lockSummary", runs: !isOld });
    if (!isOld) return;
    expect(row?.todo).toContain("others: true");
    await expect(lockSummary(host, { seconds: 1, process: pid })).rejects.toMatchObject({
      code: "OTHER_PROCESSES",
    });
  });

  /** Whether an address lies in code that the process has. */
  const isCode = (address: unknown) =>
    [...readFileSync(`/proc/${pid}/maps`, "utf8").matchAll(/^([0-9a-f]+)-([0-9a-f]+) r-xp/gm)].some(
      ([, from, to]) =>
        BigInt(`0x${from}`) <= BigInt(String(address)) && BigInt(String(address)) < BigInt(`0x${to}`),
    );
});
