import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { entries, pictureIn, pictureOf } from "../../docs/generator/gallery/index.js";
import { expectShownHealth } from "../findings/one-health.js";
import { useFolder } from "../kernel/fixtures.js";
import { investigations } from "../scene/investigations.js";
import { outputsOf, replay, rows, textOf } from "./run.js";

const folder = useFolder();
const at = (name: string) => join(folder.path, name);
const read = (name: string) => readFileSync(at(name), "utf8");
const replayed = (name: string) => at(`${name}-one.ipynb`);

async function replaysTwice(name: string): Promise<void> {
  await replay(name, `datasets/${name}`, at(`${name}-one.ipynb`));
  await replay(name, `datasets/${name}`, at(`${name}-two.ipynb`));
  expect(read(`${name}-two.ipynb`)).toBe(read(`${name}-one.ipynb`));
  expect(read(`${name}-two.ipynb.html`)).toBe(read(`${name}-one.ipynb.html`));
}

/** Replays a notebook, unless that has been done. */
async function replays(name: string): Promise<void> {
  if (!existsSync(replayed(name))) await replay(name, `datasets/${name}`, replayed(name));
}

describe.each(Object.keys(investigations))("%s", (name) => {
  test("replays from its recorded case, twice to the byte", () => replaysTwice(name));

  test("makes a page of one file that fetches nothing, with tables and figures in it", () => {
    const page = read(`${name}-one.ipynb.html`);
    expect(page).not.toMatch(/<(?:script|img|iframe|link)[^>]*(?:src|href)=["']?(?:https?:)?\/\//i);
    expect(page.match(/<table/g)?.length).toBeGreaterThan(5);
    expect(page.match(/data:image\/svg\+xml/g)?.length).toBeGreaterThanOrEqual(3);
  });
});

test.each(Object.keys(investigations))(
  "what %s shows as health agrees with the findings beside it",
  (name) => {
    const { cells } = JSON.parse(read(`${name}-one.ipynb`)) as { cells: { id: string }[] };
    for (const { id } of cells)
      for (const { data } of outputsOf(replayed(name), id)) {
        const html = [data?.["text/html"]].flat().join("");
        if (html.includes("skbook-findings")) expectShownHealth(html);
      }
  },
);

test.each(entries.filter(({ notebook }) => !notebook.includes("templates")))(
  "$name: the gallery has its picture",
  async (entry) => {
    await replays(entry.name);
    expect(readFileSync(pictureOf(entry), "utf8")).toBe(pictureIn(replayed(entry.name), entry.cell));
  },
);

describe("first-look", () => {
  const name = "first-look";
  const text = (cell: string) => textOf(replayed(name), cell);

  test("tells of three reasons, and that what the host drops is sent again", () => {
    for (const reason of ["QDISC_DROP", "NO_SOCKET", "NETFILTER_DROP"])
      expect(text("summary")).toContain(reason);
    const verdict = rows(text("verdict"), /^ *\d{5} /);
    expect(verdict.length).toBeGreaterThan(2);
    for (const row of verdict) {
      const [, , drops, sentAgain] = row.map(Number) as [number, number, number, number];
      expect(drops).toBeGreaterThan(10);
      expect(sentAgain).toBeGreaterThanOrEqual(drops);
      expect(sentAgain).toBeLessThanOrEqual(drops + 2);
    }
  });

  test("says how long each part of a measurement took", () => {
    const html = [outputsOf(replayed(name), "summary")[0]?.data?.["text/html"]].flat().join("");
    expect(html).toMatch(/ s in all: attaching [\d.]+ s, measuring 10\.\d s, detaching [\d.]+ s</);
    expect(html).toContain("tracepoint:skb:kfree_skb / (uint64)args-&gt;reason");
  });

  test("saved with its outputs, it stays under 400 kB", () => {
    expect(statSync(replayed(name)).size).toBeLessThanOrEqual(400_000);
  });

  test("its figures carry JSON, HTML and text", () => {
    const [output] = outputsOf(replayed(name), "timeline");
    expect(Object.keys(output?.data ?? {})).toEqual(
      expect.arrayContaining(["application/vnd.plotly.v1+json", "text/html", "image/svg+xml", "text/plain"]),
    );
  });
});

describe("slow-download", () => {
  test("tells the server, the network and the reader apart", () => {
    const verdict = rows(textOf(replayed("slow-download"), "verdict"), /^ *808\d /).map((row) =>
      row.map(Number),
    );
    expect(verdict.map(([port]) => port)).toEqual([8081, 8082, 8083, 8084]);
    const [quick, server, network, reader] = verdict as [number[], number[], number[], number[]];
    const [durationMs, waitMs, stallMs, resentPercent] = [3, 4, 5, 7];
    expect(quick[durationMs]).toBeLessThan(200);
    expect(server[waitMs]).toBeGreaterThan(0.9 * (server[durationMs] as number));
    expect(network[resentPercent]).toBeGreaterThan(5);
    expect([network[waitMs], network[stallMs]]).toEqual([expect.closeTo(0, -2), 0]);
    expect(reader[stallMs]).toBeGreaterThan(0.6 * (reader[durationMs] as number));
    for (const slow of [quick, server, reader]) expect(slow[resentPercent]).toBeLessThan(2);
  });

  test("its findings name each of the three", () => {
    const found = textOf(replayed("slow-download"), "findings");
    expect(found).toMatch(/TCP_SLOW_SERVER/);
    expect(found).toMatch(/TCP_STALLED/);
    expect(found).toMatch(/TCP_RESENT: \S+ → 198\.51\.100\.20:8083/);
  });
});

describe("slow-transfer", () => {
  const text = (cell: string) => textOf(replayed("slow-transfer"), cell);

  test("names what each of the five is slow by, and where", () => {
    const limits = rows(text("summary"), / → /).map(([flow, limit]) => [flow?.split(":").at(-1), limit]);
    expect(Object.fromEntries(limits)).toEqual({
      ...{
        5201: "application",
        5202: "receiver window",
        5203: "receiver window",
        5204: "loss",
        5205: "pacing",
      },
    });
    const places = text("verdict").matchAll(/^\| (\d+) \| (.*?) \|/gm);
    expect(
      Object.fromEntries([...places].map(([, port, where]) => [port, where?.replace("&#58;", ":")])),
    ).toEqual({
      5201: "sender: application",
      5202: "receiver: reader",
      5203: "receiver: receive buffer",
      5204: "sender: path",
      5205: "sender: path",
    });
  });

  test("the probes and the report say the same", () => {
    expect(text("reader-probe")).toMatch(/5202 +unread +\d{2,}/);
    expect(text("network-probe")).toMatch(/5204 +(?:timeout|recovery)/);
    expect(text("report")).toMatch(/:5204: at .* what was lost was being sent again/);
    expect(text("report")).toMatch(/^the sender sent \d+ segments again: \d+ by (?:timeout|recovery)/m);
    expect(text("report")).toMatch(/^at the receiver data waited behind a hole for/m);
    expect(text("report")).not.toMatch(/^note: /m);
    const ends = rows(text("wire"), /^(?:sender|receiver) +client/);
    expect(ends.map(([end]) => end)).toEqual(["sender", "receiver"]);
    // What is sent again arrives as gaps: it was lost on the way.
    const gaps = ends.map((row) => Number(row[6]));
    expect(gaps[1]).toBeGreaterThan(10 * (gaps[0] as number));
  });
});

describe("lost-or-late", () => {
  test("finds the pings that the host lost, and the kernel's drops are the same", () => {
    const [way = []] = rows(textOf(replayed("lost-or-late"), "way"), /^ +\d/).map((row) => row.map(Number));
    const [pingsIn, pingsOut, lost, late] = way as [number, number, number, number];
    expect(pingsIn - pingsOut).toBe(lost);
    expect(lost).toBeGreaterThan(5);
    expect(late).toBeGreaterThan(5);
    const kernel = rows(textOf(replayed("lost-or-late"), "kernel"), /^QDISC_DROP/);
    expect(kernel.map(([, device, , drops, of]) => [device, Number(drops), Number(of)])).toEqual([
      ["vnet0", lost, lost],
    ]);
  });
});

describe("where-did-my-packets-go", () => {
  const name = "where-did-my-packets-go";

  test("replays from the case that a host of the lab gave, twice to the byte", () => replaysTwice(name));

  test("names the rule and the queue, and nothing else on the path", () => {
    const report = textOf(replayed(name), "report");
    expect(report).toMatch(/DROPS_FIREWALL: .* 203\.0\.113\.30:\d+ → 198\.51\.100\.11:8443/);
    expect(report).toMatch(/DROPS_QUEUE: the queue in front of vnet1( \([^)]*\))? dropped/);
    const flows = rows(textOf(replayed(name), "flows"), /198\.51\.100\.11/);
    expect([...new Set(flows.map((row) => row[7]))].sort()).toEqual(["NETFILTER_DROP", "QDISC_DROP"]);
    const [there = []] = rows(textOf(replayed(name), "path"), /^there /);
    const [, packetsIn, , completed, lost, unfinished] = there.map(Number) as [number, ...number[]];
    expect(lost).toBeGreaterThan(20);
    expect(packetsIn).toBe((completed ?? 0) + (lost ?? 0) + (unfinished ?? 0));
  });

  test("the queue returned what it counted, and some more around that; none of it is called lost", () => {
    const [refused = []] = rows(textOf(replayed(name), "queue"), /tbf_enqueue .*NET_XMIT_DROP/);
    const [counted = []] = rows(textOf(replayed(name), "queue-counters"), /^vnet1 tbf root +drops/);
    expect(Number(counted[2])).toBeGreaterThan(20);
    expect(Number(refused[6])).toBeGreaterThanOrEqual(Number(counted[2]));
    expect(textOf(replayed(name), "conntrack")).toMatch(/INVALID .* invalid tcp flag combination/);
    for (const cell of ["path", "queue", "conntrack"]) {
      const [shown] = outputsOf(replayed(name), cell);
      expect(String(shown?.data?.["text/html"])).not.toMatch(/[1-9]\d* lost/);
    }
  });
});

describe("which-stage-is-slow", () => {
  const name = "which-stage-is-slow";
  const text = (cell: string) => textOf(replayed(name), cell);

  test("finds the stage, the CPU and the thread that has it", async () => {
    await replays(name);
    const pairs = rows(text("slowest"), /→|^total/);
    const [first = 0, second = 0, third = 0] = pairs.map((row) => Number(row[4]));
    expect(
      pairs
        .slice(0, 2)
        .map(([pair]) => pair)
        .sort(),
    ).toEqual(["backlog → rx", "total"]);
    expect(Math.min(first, second)).toBeGreaterThan(20);
    expect(third).toBeLessThan(first / 4);
    expect(text("report")).toMatch(/LATE_BEHIND_OTHERS: ksoftirqd\/1, .* mostly telemetry had the CPU/);
    const [before = []] = rows(text("wakeups"), /^telemetry/);
    expect(Number(before[1])).toBeGreaterThan(5);
    expect(rows(text("cause"), /^telemetry/)[0]?.slice(0, 3)).toEqual(["telemetry", "1", "FIFO"]);
    expect(text("softirqs")).toContain("Latency by CPU");
  });

  test("is what the guide shows", () => {
    const guide = readFileSync("docs/something-is-late.md", "utf8");
    for (const cell of ["slowest", "wakeups"]) expect(guide).toContain(text(cell).trimEnd());
    const [late = ""] = text("report").match(/LATE_BEHIND_OTHERS: .*?(?= \[)/) ?? [];
    expect(guide).toContain(late);
  });

  test("of each single packet, nearly all of the time is in the backlog", () => {
    const late = rows(text("trace"), /^ *\d+ {2,}/).map((row) => row.map(Number));
    expect(late.length).toBeGreaterThan(2);
    for (const [, cpu, total, backlog] of late) {
      expect(cpu).toBe(1);
      expect(backlog).toBeGreaterThan(0.8 * (total as number));
    }
  });
});

describe("first-packet-is-slow", () => {
  const name = "first-packet-is-slow";
  const text = (cell: string) => textOf(replayed(name), cell);

  test("counts the upcalls of each ping, which the later ones have none of", async () => {
    await replays(name);
    const pings = rows(text("joined"), /^ *\d {2,}/).map((row) => row.map(Number));
    expect(pings.map(([ping, , upcalls]) => [ping, upcalls])).toEqual(
      [4, 1, 0, 0, 0].map((upcalls, index) => [index + 1, upcalls]),
    );
    const [first, , later] = pings as number[][];
    expect(first?.[3]).toBeGreaterThan(4 * (later?.[3] ?? 0));
    expect(first?.[4]).toBeGreaterThan(0.5 * (first?.[3] ?? 0));
    expect(text("one").match(/ miss /g)).toHaveLength(4);
  });

  test("the probe and the switch count the same, within the moments around", () => {
    const of = (counter: string) => Number(rows(text("counters"), new RegExp(` ${counter} `))[0]?.[2]);
    expect(of("lost")).toBe(0);
    expect(of("missed")).toBeGreaterThan(10);
  });
});
