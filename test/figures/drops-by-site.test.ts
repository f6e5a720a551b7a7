import { expect, it } from "vitest";
import { dropsBySite } from "../../lib/figures/index.js";
import { dropCounts } from "./tables.js";

const summary = dropCounts([
  ["NETFILTER_DROP", "nft_do_chain", "eth0", 1000],
  ["NO_SOCKET", "tcp_v4_rcv", "eth0", 40],
  ["TCP_CSUM", "tcp_v4_rcv", "eth1", 7],
]);

it("dropsBySite stacks reasons on functions, the one that drops most first", async () => {
  const { data, layout } = await dropsBySite(summary);
  expect(data.map(({ name, x, y, text }) => [name ?? text, x, y])).toEqual([
    ["NETFILTER_DROP", [1000], ["nft_do_chain"]],
    ["NO_SOCKET", [40], ["tcp_v4_rcv"]],
    ["TCP_CSUM", [7], ["tcp_v4_rcv"]],
    [
      ["\u00a01,000", "\u00a047"],
      [1000, 47],
      ["nft_do_chain", "tcp_v4_rcv"],
    ],
  ]);
  expect((layout.title as { text: string }).text).toContain("Drops by site and reason");
});

it("dropsBySite refuses what is no column of its own", async () => {
  await expect(dropsBySite(summary, { by: "site" as never })).rejects.toMatchObject({
    code: "BAD_PARAMETER",
  });
});
