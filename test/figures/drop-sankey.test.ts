import { describe, expect, it } from "vitest";
import { dropSankey } from "../../lib/figures/index.js";
import { dropCounts } from "./tables.js";

interface Sankey {
  node: { label: string[]; y: number[]; color: string[] };
  link: { source: number[]; target: number[]; value: number[]; color: string[] };
}

describe("dropSankey", () => {
  const summary = dropCounts([
    ["NO_SOCKET", "udp_rcv", "eth0", 40],
    ["NETFILTER_DROP", "nf_hook_slow", "eth0", 1000],
    ["NETFILTER_DROP", "nf_hook_slow", "eth1", 500],
    ["NETFILTER_DROP", "ip6_input", "eth1", 7],
    [null, "skb_release", null, 3],
  ]);
  const sankey = (data: object[]) => data[0] as Sankey;

  it("runs from device to reason to site, and no drop is lost on the way", async () => {
    const { node, link } = sankey((await dropSankey(summary)).data);
    const streams = link.value.map(
      (value, index) =>
        `${node.label[link.source[index] as number]} > ${node.label[link.target[index] as number]}: ${value}`,
    );
    expect(streams).toEqual([
      "eth0  1,040 > NETFILTER_DROP  1,507: 1000",
      "eth1  507 > NETFILTER_DROP  1,507: 507",
      "eth0  1,040 > NO_SOCKET  40: 40",
      "no device  3 > no reason  3: 3",
      "NETFILTER_DROP  1,507 > nf_hook_slow  1,500: 1500",
      "NO_SOCKET  40 > udp_rcv  40: 40",
      "NETFILTER_DROP  1,507 > ip6_input  7: 7",
      "no reason  3 > skb_release  3: 3",
    ]);
  });

  it("puts what is beyond the limit together, and counts it", async () => {
    const { node } = sankey((await dropSankey(summary, { bars: 1 })).data);
    expect(node.label).toEqual([
      ...["eth0  1,040", "other devices  510"],
      ...["NETFILTER_DROP  1,507", "other reasons  43"],
      ...["nf_hook_slow  1,500", "other sites  50"],
    ]);
  });

  it("has a picture with every name in it, the same each time", async () => {
    const svg = await (await dropSankey(summary)).svg();
    for (const name of ["eth0", "NETFILTER_DROP", "nf_hook_slow", "no device"]) expect(svg).toContain(name);
    expect(await (await dropSankey(summary)).svg()).toBe(svg);
    expect(svg).not.toContain("NaN");
  });

  it("says that there are none", async () => {
    const { data, layout } = await dropSankey(dropCounts([]));
    expect(data).toEqual([]);
    expect(JSON.stringify(layout.annotations)).toContain("no drops");
  });

  it("refuses what has no sites", async () => {
    const wrong = await summary.sql("SELECT reason, drops FROM this");
    await expect(dropSankey(wrong)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  });
});
