import { describe, expect, it } from "vitest";
import { dropsByReason, dropsOverTime, type Figure, flowTimeline } from "../../lib/figures/index.js";
import { chromium, domOf } from "./chromium.js";
import { dropCounts, drops, provenance, tableOf } from "./tables.js";

/** What Chromium, with the fonts it has, finds wrong with the texts of a picture: cut off, or over one another. */
async function faults(figure: Figure): Promise<{ texts: number; faults: string[] }> {
  const dom = await domOf(`<!DOCTYPE html><meta charset="utf-8"><body style="margin: 0">${await figure.svg()}
    <script>
      const { width, height } = document.querySelector("svg").getBoundingClientRect();
      const texts = [...document.querySelectorAll("text")].map((text) => {
        const { left, top, right, bottom } = text.getBoundingClientRect();
        return { name: text.textContent, left, top: top + 2, right, bottom: bottom - 2 };
      }).filter(({ name }) => name.trim() !== "");
      const faults = texts
        .filter((a) => a.left < 0 || a.top < 0 || a.right > width || a.bottom > height)
        .map((a) => "cut off: " + a.name);
      texts.forEach((a, i) => texts.slice(i + 1).forEach((b) => {
        if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
          faults.push(a.name + " is over " + b.name);
      }));
      document.body.innerHTML = "<pre></pre>";
      document.querySelector("pre").textContent = btoa(encodeURIComponent(JSON.stringify({ texts: texts.length, faults })));
    </script></body>`);
  const [, found = ""] = /<pre>([^<]*)<\/pre>/.exec(dom) ?? [];
  return JSON.parse(decodeURIComponent(atob(found)));
}

const host = "operator@compute-node-17.pod-3.region-east.example.net:2222";
const worst = { host, lost: 1_234_567, truncated: true, partial: true };
const reasons = Array.from({ length: 12 }, (_, i) => `SKB_DROP_REASON_WITH_A_VERY_LONG_NAME_${i}`);

describe.runIf(chromium)("no text of a picture is cut off or over another", () => {
  it("in dropsOverTime", async () => {
    const events = await drops(
      Array.from({ length: 2000 }, (_, i) => [i * 5, reasons[i % 12] ?? null, "f", null]),
      worst,
    );
    const { texts, faults: found } = await faults(await dropsOverTime(events));
    expect(texts).toBeGreaterThan(15);
    expect(found).toEqual([]);
  });

  it("in dropsByReason", async () => {
    const rows = reasons.flatMap((reason, i) =>
      ["br-int", "ovs-system", `vnet${i}`].map((device, k) => [
        reason,
        `function_${k}`,
        device,
        10 ** (i % 7),
      ]),
    );
    for (const by of ["site", "device"] as const) {
      const { texts, faults: found } = await faults(await dropsByReason(dropCounts(rows, worst), { by }));
      expect(texts).toBeGreaterThan(30);
      expect(found).toEqual([]);
    }
  });

  it("in flowTimeline", async () => {
    const names = ["src", "dst", "transport", "tcp_flags"];
    const numbers = ["frame", "wire_bytes", "src_port", "dst_port", "tcp_stream", "quoted_tcp_stream"];
    const columns = [
      { name: "time_ns", type: "BIGINT" as const, meaning: "" },
      ...names.map((name) => ({ name, type: "VARCHAR" as const, meaning: "" })),
      ...[...numbers, "tcp_len_bytes", "duplicate_ack", "icmp_type"].map((name) => ({
        name,
        type: "INTEGER" as const,
        meaning: "",
      })),
      { name: "retransmission", type: "BOOLEAN" as const, meaning: "" },
    ];
    const [a, b] = ["2001:db8:aaaa:bbbb:cccc:dddd:eeee:1", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:2"];
    const table = await tableOf(
      columns,
      [
        [1_000_000n, a, b, "tcp", "SYN", 1, 66, 50000, 50001, 0, null, 0, null, null, false],
        [9_000_000n, b, a, "tcp", "SYN ACK", 2, 66, 50001, 50000, 0, null, 0, null, null, false],
      ],
      provenance({ ...worst, startedAt: null, endedAt: null }),
    );
    const { texts, faults: found } = await faults(
      await flowTimeline(table, {
        drops: await drops([], worst).then((t) =>
          t.query("SELECT *, '' AS src, 0 AS src_port, '' AS dst, 0 AS dst_port FROM this"),
        ),
      }),
    );
    expect(texts).toBeGreaterThan(8);
    expect(found).toEqual([]);
  });
});
