import { expect, it } from "vitest";
import {
  conversationTimeline,
  dropsByReason,
  dropsOverTime,
  type Figure,
  flowTimeline,
  ioGraph,
  latencyEcdf,
  latencyOverTime,
  throughputOverTime,
  timeSequence,
  windowScaling,
} from "../../lib/figures/index.js";
import { useBrowser } from "../fixtures/browser.js";
import { describeLive } from "../fixtures/needs.js";
import { lossy, segmentsOf } from "./segments.js";
import { dropCounts, drops, provenance, start, tableOf } from "./tables.js";

const host = "operator@compute-node-17.pod-3.region-east.example.net:2222";
const worst = { host, lost: 1_234_567, truncated: true, partial: true };
const reasons = Array.from({ length: 12 }, (_, i) => `SKB_DROP_REASON_WITH_A_VERY_LONG_NAME_${i}`);

describeLive("no text of a picture is cut off or over another", ["chromium"], () => {
  const browser = useBrowser();

  /** What Chromium, with the fonts it has, finds wrong with the texts of a picture: cut off, or over one another. */
  async function faults(figure: Figure): Promise<{ texts: number; faults: string[] }> {
    const dom =
      await browser.domOf(`<!DOCTYPE html><meta charset="utf-8"><body style="margin: 0">${await figure.svg()}
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

  it("in the figures of TCP", async () => {
    const segments = await segmentsOf(
      lossy.map((segment) => ({ ...segment, seq: segment.seq + 3e9, flow: "tcp 12345 16777215" })),
      worst,
    );
    for (const figure of [
      await timeSequence(segments),
      await timeSequence(segments, { style: "stevens" }),
      await windowScaling(segments),
    ]) {
      const { texts, faults: found } = await faults(figure);
      expect(texts).toBeGreaterThan(15);
      expect(found).toEqual([]);
    }
  });

  it("in rates, latencies and conversations", async () => {
    const one = await segmentsOf(lossy, worst);
    const table = (select: string) => one.query(`SELECT ${select} FROM range(5000) rows(i)`);
    const time = `${start} + i * 1000000 AS time_ns`;
    const name = "'a-rather-long-name-of-a-server.pod-' || (i % 9)::INTEGER || '.example.net' AS";
    const rtt = await table(
      `(i + 1)::INTEGER AS frame, ${time}, 7 AS dns_id, ${name} server, i % 7 <> 3 AS answered,
       CASE WHEN i % 7 <> 3 AND i <> 9 THEN 1000 + i * i * i END AS rtt_ns, CASE WHEN i = 9 THEN 5000000000 END AS waited_ns`,
    );
    const rates = await table(
      `${time}, 'tcp ' || i::INTEGER AS flow, CASE WHEN i % 2 = 0 THEN 'client' ELSE 'server' END AS sender, 10 AS payload_bytes,
       1 AS resent_bytes, 20 AS wire_bytes, 1e9 + i AS goodput_bits_per_second, 1.6e5 AS throughput_bits_per_second`,
    );
    const counts = await table(
      `${time}, ${name} series, 1 AS packets, 1000 AS wire_bytes, 1000.0 AS packets_per_second, 8e6 AS bits_per_second`,
    );
    const conversations = await table(
      `'tcp ' || i::INTEGER AS flow, 'tcp' AS transport, '2001:db8:aaaa:bbbb:cccc:dddd:eeee:' || (i % 10)::INTEGER AS client, 65535 AS client_port,
       '2001:db8:aaaa:bbbb:cccc:dddd:eeee:1' AS server, 65535 AS server_port, ${start} + i * 1000000 AS start_ns, 500000000 AS duration_ns,
       5 AS client_packets, 5 AS server_packets, 100 AS client_wire_bytes, 1e6::BIGINT AS server_wire_bytes, i * 1000 AS retransmissions, 1 AS rst`,
    );
    for (const figure of [
      await latencyOverTime(rtt),
      await latencyEcdf(rtt),
      await latencyEcdf({ before: rtt, after: rtt }),
      await throughputOverTime(rates),
      await ioGraph(counts),
      await conversationTimeline(conversations),
    ]) {
      const { texts, faults: found } = await faults(figure);
      expect(texts).toBeGreaterThan(12);
      expect(found).toEqual([]);
    }
  });
});
