import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { irqSummary, localhost } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { type Row, rowsOf } from "../fixtures/rows.js";

const run = promisify(execFile);

/** How often each CPU was interrupted, by `NUMBER CPU`, as the kernel itself counts: no probe reads it. */
function counted(): { counts: Map<string, number>; names: Map<number, string> } {
  const [head = "", ...lines] = readFileSync("/proc/interrupts", "utf8").trim().split("\n");
  const cpus = head.trim().split(/\s+/).length;
  const counts = new Map<string, number>();
  const names = new Map<number, string>();
  for (const line of lines) {
    const [irq = "", ...rest] = line.trim().split(/:?\s+/);
    if (!/^\d+$/.test(irq)) continue;
    names.set(Number(irq), rest.at(-1) ?? "");
    for (const [cpu, count] of rest.slice(0, cpus).entries()) counts.set(`${irq} ${cpu}`, Number(count));
  }
  return { counts, names };
}

/** Writes past the page cache, so that the disk has to interrupt: to a folder that outlives a reboot, where /tmp may be memory. */
async function writeDisk(): Promise<void> {
  const folder = mkdtempSync(join("/var/tmp", "skbook-irq-"));
  const file = join(folder, "written");
  try {
    await run("dd", ["if=/dev/zero", `of=${file}`, "bs=4k", "count=500", "oflag=direct"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const placeOf = ({ irq, cpu }: Row) => `${irq} ${cpu}`;

describeLive("hard interrupts", ["root", "bpftrace", "tracing"], () => {
  test("are as many as the kernel counts, by number, name and CPU", async () => {
    let [began, ended] = [counted(), counted()];
    const before = counted();
    const seen = await irqSummary(localhost(), {
      seconds: 20,
      during: async () => {
        began = counted();
        await writeDisk();
        ended = counted();
      },
    });
    const after = counted();
    expect(seen.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
    const { missed = 0 } = seen.provenance.details.selfCost as { missed?: number };
    const rows = rowsOf(seen);
    for (const row of rows) expect(row.name).toBe(after.names.get(Number(row.irq)));
    const seenAt = new Map(rows.map((row) => [placeOf(row), row]));
    const change = (last: typeof after, first: typeof after, place: string) =>
      (last.counts.get(place) ?? 0) - (first.counts.get(place) ?? 0);
    let inside = 0;
    for (const place of after.counts.keys()) {
      const count = Number(seenAt.get(place)?.count ?? 0);
      inside += change(ended, began, place);
      expect(count, place).toBeLessThanOrEqual(change(after, before, place));
      expect(count, place).toBeGreaterThanOrEqual(change(ended, began, place) - missed);
    }
    expect(inside).toBeGreaterThan(400);
    for (const row of rows) expect(Number(row.total_ns)).toBeGreaterThan(0);
  });

  test("are filtered by number and by the begin of a name, and told apart by what the handler said", async () => {
    const busiest = [...counted().counts].sort(([, one], [, other]) => other - one);
    const irqs = busiest.slice(0, 2).map(([place]) => Number(place.split(" ")[0]));
    const by = ["irq", "name", "result"] as const;
    const asked = { seconds: 20, by: [...by], during: writeDisk };
    const some = rowsOf(await irqSummary(localhost(), { ...asked, irqs }));
    expect(some.length).toBeGreaterThan(0);
    for (const { irq, result } of some) {
      expect(irqs).toContain(irq);
      expect(result).toBe("handled");
    }
    const name = String(some[0]?.name);
    const ofName = rowsOf(await irqSummary(localhost(), { ...asked, name: name.slice(0, 9) }));
    expect(ofName.length).toBeGreaterThan(0);
    for (const row of ofName) expect(String(row.name).startsWith(name.slice(0, 9))).toBe(true);
    await expect(irqSummary(localhost(), { seconds: 1, name: 'a"b c' })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });
});
