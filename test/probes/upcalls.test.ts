import { expect, test } from "vitest";
import { preflight } from "../../lib/probes/engine/preflight.js";
import { resolveHooks } from "../../lib/probes/hooks.js";
import { upcallSummary } from "../../probes/ovs/index.js";
import { targetOf } from "./target.js";

const { definition } = upcallSummary;

/** Addresses of two ports, as the kernel has them. */
const [vnet1, vnet2] = [0xffff888100001000n, 0xffff888100002000n];
const name = (text: string) => Buffer.from(text.padEnd(8, "\0")).readBigUInt64LE();

test("what is open at the end is told by its port, as often as there were packets", () => {
  const value = (port: bigint, packets: number) => [
    ...[1_000, (packets << 1) | 1],
    ...[Number(port & 0xffffffffn), Number((port >> 32n) | (1n << 32n))],
  ];
  const maps = new Map<string, ReadonlyMap<string, unknown>>([
    [
      "@ports",
      new Map([
        [`${BigInt.asIntN(64, vnet1)},${name("vnet1")},0`, 1],
        [`${vnet2},${name("vnet2")},0`, 1],
      ]),
    ],
    [
      "@open",
      new Map([
        ["1,2", value(vnet1, 1)],
        ["1,3", value(vnet1, 3)],
        ["1,4", value(vnet2, 1)],
      ]),
    ],
  ]);
  const rows = (by?: string[]) => {
    const parameters = definition.parameters.parse(by === undefined ? {} : { by });
    const context = { target: targetOf(definition.hooks), parameters, unixTime: () => null, ended: null };
    return definition.conclude?.(maps, context).map((row) => row.filter((one) => one !== null));
  };
  expect(rows()).toEqual([
    ["vnet1", "miss", "open", 4],
    ["vnet2", "miss", "open", 1],
  ]);
  expect(rows(["reason"])).toEqual([["miss", "open", 5]]);
});

test.each([
  ["a bridge in user space alone", "netdev", false],
  ["two of them", "netdev\nnetdev", false],
  ["one of each", '""\nnetdev', true],
  ["the kernel's, as it is by default", '""', true],
  ["a host that doesn't say", "", true],
])("a host with %s: %j is fit for upcalls: %j", (_, said, fit) => {
  const target = targetOf(definition.hooks);
  const host = { ...target, snapshot: { ...target.snapshot, "ovs.datapaths": said } };
  const nothing = {
    kernel: "6.1",
    hasKprobes: true,
    hasUprobes: true,
    snapshot: { formats: new Map(), functions: new Map() },
  };
  const checks = preflight(host, resolveHooks({}, nothing as never), definition);
  const check = checks.find(({ code }) => code === "USERSPACE_DATAPATH");
  expect(check).toMatchObject({ ok: fit });
  const notes = definition.notes?.(host, {}, new Set()) ?? [];
  expect(notes.some((note) => note.includes("user space"))).toBe(said.includes("netdev"));
});
