import { describe, expect, it } from "vitest";
import { dropsOverTime, type Figure } from "../../lib/figures/index.js";
import type { Column } from "../../lib/tables/index.js";
import { drops, provenance, start, tableOf } from "./tables.js";

const bars = (figure: Figure) =>
  figure.data.map(({ name, x, y, width }) => ({ name, x, y, width }) as Record<string, unknown>);
const notes = (figure: Figure) => (figure.layout.annotations as { text: string }[]).map(({ text }) => text);
const subtitle = (figure: Figure) =>
  (figure.layout.title as { subtitle: { text: string } }).subtitle.text.replaceAll("<br>", " · ");

describe("dropsOverTime", () => {
  it("counts drops by bin, the most frequent reason first", async () => {
    const events = await drops([
      [0, "NO_SOCKET", "udp_rcv", "eth0"],
      [999, "NETFILTER_DROP", "nf_hook_slow", "eth0"],
      [1000, "NETFILTER_DROP", "nf_hook_slow", "eth1"],
      [1500, "NETFILTER_DROP", "nf_hook_slow", null],
      [9999.5, null, "skb_release", null],
    ]);
    const figure = await dropsOverTime(events, { bins: 11 });
    expect(bars(figure)).toMatchInlineSnapshot(`
      [
        {
          "name": "NETFILTER_DROP",
          "width": 1,
          "x": [
            0.5,
            1.5,
          ],
          "y": [
            1,
            2,
          ],
        },
        {
          "name": "NO_SOCKET",
          "width": 1,
          "x": [
            0.5,
          ],
          "y": [
            1,
          ],
        },
        {
          "name": "unknown",
          "width": 1,
          "x": [
            9.5,
          ],
          "y": [
            1,
          ],
        },
      ]
    `);
    expect({ ...figure.layout, template: "the house style" }).toMatchInlineSnapshot(`
      {
        "annotations": [],
        "barmode": "stack",
        "height": 420,
        "margin": {
          "b": 56,
          "l": 64,
          "r": 24,
          "t": 72,
        },
        "showlegend": true,
        "template": "the house style",
        "title": {
          "subtitle": {
            "text": "root@192.0.2.10 · 2026-03-20 10:00:00.250 to 10:00:10.250 UTC · 5 drops · 0 lost",
          },
          "text": "Drops over time, by reason",
        },
        "width": 840,
        "xaxis": {
          "range": [
            0,
            11,
          ],
          "title": {
            "text": "Time since start (s)",
          },
        },
        "yaxis": {
          "dtick": 1,
          "rangemode": "tozero",
          "title": {
            "text": "Drops per 1 s",
          },
        },
      }
    `);
  });

  it("tells drops apart by device or site, and null is unknown", async () => {
    const events = await drops([
      [1, "A", "f", "eth0"],
      [2, "A", "g", null],
      [3, "A", "g", null],
    ]);
    expect(bars(await dropsOverTime(events, { by: "device" })).map(({ name }) => name)).toEqual([
      "unknown",
      "eth0",
    ]);
    expect(bars(await dropsOverTime(events, { by: "site" })).map(({ name }) => name)).toEqual(["g", "f"]);
  });

  it("puts the names beyond the palette together and loses none of their drops", async () => {
    const rows = Array.from({ length: 55 }, (_, i): [number, string, string, null] => {
      const rank = Math.floor((Math.sqrt(8 * i + 1) - 1) / 2);
      return [i, `REASON_${rank}`, "f", null];
    });
    const figure = await dropsOverTime(await drops(rows), { bins: 1 });
    expect(bars(figure).map(({ name, y }) => [name, ...(y as number[])])).toEqual([
      ["REASON_9", 10],
      ["REASON_8", 9],
      ["REASON_7", 8],
      ["REASON_6", 7],
      ["REASON_5", 6],
      ["REASON_4", 5],
      ["REASON_3", 4],
      ["other (3 reasons)", 6],
    ]);
  });

  it("keeps every drop whatever the bins, and never more bars than asked for", async () => {
    const rows = Array.from({ length: 3000 }, (_, i): [number, string, string, null] => [
      (i * 7919) % 10_000,
      `R${i % 3}`,
      "f",
      null,
    ]);
    const events = await drops(rows);
    for (const bins of [1, 7, 100, 2000]) {
      const { data } = await dropsOverTime(events, { bins });
      const counts = data.flatMap(({ y }) => y as number[]);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3000);
      expect(new Set(data.flatMap(({ x }) => x as number[])).size).toBeLessThanOrEqual(bins);
    }
  });

  it("starts at the first drop where the run's clock is another", async () => {
    const events = await drops(
      [
        [0, "A", "f", null],
        [500, "A", "f", null],
      ],
      {
        startedAt: "2026-03-20T11:00:00Z",
        endedAt: "2026-03-20T11:00:10Z",
      },
    );
    const figure = await dropsOverTime(events);
    expect(subtitle(figure)).toContain("2026-03-20 10:00:00.250 to 10:00:00.750 UTC");
    expect(bars(figure)).toMatchObject([{ x: [0.0025, 0.5025] }]);
  });

  it("shows the drops whose times are known, and says how many are not", async () => {
    const columns: Column[] = [
      { name: "time_ns", type: "BIGINT", meaning: "time" },
      ...["reason", "site", "device"].map((name): Column => ({ name, type: "VARCHAR", meaning: name })),
      { name: "drops", type: "BIGINT", meaning: "drops" },
    ];
    const rows = (of: (bigint | null)[]) => of.map((time) => [time, "A", "f", null, 4n]);
    const figure = await dropsOverTime(
      await tableOf(columns, rows([start, null, start + 2_000_000_000n]), provenance()),
    );
    expect(bars(figure).map(({ y }) => (y as number[]).slice(0, 4))).toEqual([[4, 0, 4, 0]]);
    expect(notes(figure)).toEqual(["4 drops at unknown times not shown"]);
    expect(subtitle(figure)).toContain("12 drops");
    const none = await dropsOverTime(await tableOf(columns, rows([null]), provenance()));
    expect([none.data, notes(none)]).toEqual([[], ["no times of these drops"]]);
  });

  it("says what is missing", async () => {
    const row: [number, string, string, null][] = [[1, "A", "f", null]];
    const warned = (own: object) => drops(row, own).then(dropsOverTime).then(notes);
    expect(await warned({})).toEqual([]);
    expect(await warned({ lost: 1 })).toEqual(["1 event lost"]);
    expect(await warned({ lost: 12_345, truncated: true })).toEqual([
      "12,345 events lost · truncated: a limit was reached",
    ]);
    expect(await warned({ lost: "unknown", partial: true })).toEqual([
      "loss of events unknown · partial: damaged input, or ended early",
    ]);
    expect(subtitle(await dropsOverTime(await drops(row)))).toMatch(/ · 1 drop · 0 lost$/);
    expect(subtitle(await dropsOverTime(await drops(row, { lost: 1 })))).toMatch(/ · 1 drop$/);
  });

  it("tells no drops from none seen", async () => {
    expect(notes(await dropsOverTime(await drops([])))).toEqual(["no drops"]);
    expect(notes(await dropsOverTime(await drops([], { lost: 3 })))).toEqual([
      "3 events lost",
      "no drops seen: see the warning above",
    ]);
    const bare = await drops([], { startedAt: null, endedAt: null, host: null });
    expect(await (await dropsOverTime(bare)).svg()).toContain(">no drops</text>");
  });

  it("refuses options out of range", async () => {
    const events = await drops([]);
    const bad = (options: object) => dropsOverTime(events, options as never);
    await expect(bad({ by: "time_ns; DROP TABLE x" })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await expect(bad({ bins: 0 })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await expect(bad({ bins: 2001 })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await expect(bad({ bins: 1.5 })).rejects.toThrow(/whole number from 1 to 2000/);
  });
});
