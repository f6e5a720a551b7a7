import { describe, expect, it } from "vitest";
import { dropsByReason } from "../../lib/figures/index.js";
import { dropCounts } from "./tables.js";

describe("dropsByReason", () => {
  const summary = dropCounts([
    ["NO_SOCKET", "udp_rcv", "eth0", 40],
    ["NETFILTER_DROP", "nf_hook_slow", "eth0", 1000],
    ["NETFILTER_DROP", "nf_hook_slow", "eth1", 500],
    ["NETFILTER_DROP", "ip6_input", "eth1", 7],
    [null, "skb_release", null, 3],
  ]);

  it("stacks places on reasons, the most frequent first", async () => {
    const { data, layout } = await dropsByReason(summary);
    expect(data.map(({ name, x, y, text }) => ({ name, x, y, text }))).toMatchInlineSnapshot(`
      [
        {
          "name": "nf_hook_slow",
          "text": undefined,
          "x": [
            1500,
          ],
          "y": [
            "NETFILTER_DROP",
          ],
        },
        {
          "name": "udp_rcv",
          "text": undefined,
          "x": [
            40,
          ],
          "y": [
            "NO_SOCKET",
          ],
        },
        {
          "name": "ip6_input",
          "text": undefined,
          "x": [
            7,
          ],
          "y": [
            "NETFILTER_DROP",
          ],
        },
        {
          "name": "skb_release",
          "text": undefined,
          "x": [
            3,
          ],
          "y": [
            "unknown",
          ],
        },
        {
          "name": undefined,
          "text": [
            " 1,507",
            " 40",
            " 3",
          ],
          "x": [
            1507,
            40,
            3,
          ],
          "y": [
            "NETFILTER_DROP",
            "NO_SOCKET",
            "unknown",
          ],
        },
      ]
    `);
    expect((layout.yaxis as { categoryarray: unknown }).categoryarray).toEqual([
      "NETFILTER_DROP",
      "NO_SOCKET",
      "unknown",
    ]);
  });

  it("colours by device where asked", async () => {
    const { data } = await dropsByReason(summary, { by: "device" });
    expect(data.map(({ name }) => name)).toEqual(["eth0", "eth1", "unknown", undefined]);
  });

  it("puts rare reasons together and keeps the total", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => [`R${i}`, "f", null, i + 1]);
    const { data, layout } = await dropsByReason(dropCounts(rows));
    expect((layout.yaxis as { categoryarray: string[] }).categoryarray).toHaveLength(21);
    const [bar] = data as { x: number[]; y: string[] }[];
    expect(bar?.x.reduce((sum, count) => sum + count, 0)).toBe(465);
    expect(bar?.y.at(-1)).toBe("other reasons");
  });

  it("draws an empty summary as no drops", async () => {
    const { layout, data } = await dropsByReason(dropCounts([]));
    expect(data).toEqual([]);
    expect(layout.annotations).toMatchObject([{ text: "no drops" }]);
  });

  it("refuses another column", async () => {
    await expect(dropsByReason(summary, { by: "drops" as never })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });
});
