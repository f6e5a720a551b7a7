import { expect, test } from "vitest";
import { completeProvenance, createTable, type Table, type Value } from "../../lib/tables/index.js";
import { flowInstalls, flowUpcalls, upcallEvents } from "../../probes/ovs/index.js";

type Said = { readonly [column: string]: Value };

/** A table with the columns of a probe, and null in all that isn't said. */
async function tableOf(
  probe: typeof flowInstalls | typeof upcallEvents,
  rows: readonly Said[],
): Promise<Table> {
  const columns = probe.definition.columns({ maxEvents: 10, requests: true });
  const writer = await createTable(probe.definition.name, columns);
  writer.append(rows.map((row) => columns.map(({ name }) => row[name] ?? null)));
  return writer.finish(completeProvenance(probe.definition.name, { host: "lab" }));
}

const flow = { operation: "new", match: "in_port(2)", actions: "3", call_ns: 40_000, netlink_port: 7 };
const packet = {
  ...{ device: "vnet1", reason: "miss", waited_ns: 900_000, netlink_port: 7, length_bytes: 84 },
  ...{
    ip_version: 4,
    src: "192.0.2.7",
    dst: "198.51.100.1",
    src_port: 40_000,
    dst_port: 443,
    protocol: "TCP",
  },
};

async function known(installs: readonly Said[], upcalls: readonly Said[]): Promise<unknown[]> {
  const all = installs.map((one, index) => ({ ...flow, time_ns: 1_000 + index, ...one }));
  const table = await flowUpcalls(await tableOf(flowInstalls, all), await tableOf(upcallEvents, upcalls));
  const { values } = await table.sql("SELECT time_ns - 1000, upcall_known, waited_ns, src FROM this");
  return values;
}

test("a flow is put beside the packet that is handed back by the request behind its own", async () => {
  const exact = { ip_version: 4, src: "192.0.2.7", dst: "198.51.100.0/24", dst_port: 443, protocol: "TCP" };
  const installs = [
    { netlink_seq: 10 },
    { netlink_seq: 12, ...exact },
    { netlink_seq: 20 },
    { netlink_seq: 30, operation: "delete" },
    { netlink_seq: 4_294_967_295 },
  ];
  const upcalls = [
    { ...packet, netlink_seq: 11, waited_ns: null },
    { ...packet, netlink_seq: 13 },
    { ...packet, netlink_seq: 21, netlink_port: 8 },
    { ...packet, netlink_seq: 31 },
    { ...packet, netlink_seq: 0, waited_ns: 5 },
    { ...packet, netlink_seq: null, netlink_port: null, error: "-ENOBUFS" },
  ];
  expect(await known(installs, upcalls)).toEqual([
    [0, true, null, "192.0.2.7"],
    [1, true, 900_000, "192.0.2.7"],
    [2, false, null, null],
    [4, true, 5, "192.0.2.7"],
  ]);
});

test.each([
  ["another address", { src: "192.0.2.8" }],
  ["another IP version", { ip_version: 6 }],
  ["another port", { dst_port: 444 }],
  ["another protocol", { protocol: "ARP" }],
])("a flow of %s than the packet's was put in for another one", async (_, of) => {
  expect(await known([{ netlink_seq: 1, ...of }], [{ ...packet, netlink_seq: 2 }])).toEqual([
    [0, false, null, null],
  ]);
});

test("tables of other probes are refused", async () => {
  const [installs, upcalls] = [await tableOf(flowInstalls, []), await tableOf(upcallEvents, [])];
  await expect(flowUpcalls(upcalls, installs)).rejects.toMatchObject({
    code: "BAD_PARAMETER",
    failed: "installs has no operation, match",
  });
  await expect(flowUpcalls(installs, installs)).rejects.toMatchObject({ failed: "upcalls has no waited_ns" });
});
