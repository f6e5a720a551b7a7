import { expect, test } from "vitest";
import { createFrame, createTable, sql } from "../../lib/index.js";
import { completeProvenance } from "../../lib/tables/index.js";

const provenance = completeProvenance("test", { host: "root@192.0.2.1" });
const port = { name: "src_port", type: "INTEGER", meaning: "port" } as const;

test("joins Tables and Frames by name, exact beyond 2^53, and loss adds up", async () => {
  const writer = await createTable("events", [
    port,
    { name: "time_ns", type: "BIGINT", unit: "ns", meaning: "when" },
  ]);
  writer.append([
    [1, 1_795_411_422_403_857_445n],
    [2, 1_795_411_422_403_857_446n],
  ]);
  const events = await writer.finish({ ...provenance, lost: 3, notes: ["careful"] });
  const names = createFrame([port, { name: "name", type: "VARCHAR", meaning: "who" }], [[2, "two"]], {
    ...provenance,
    lost: 4,
    truncated: true,
  });
  const joined = await sql("SELECT name, time_ns FROM events JOIN names USING (src_port)", { events, names });
  expect(joined.values).toEqual([["two", 1_795_411_422_403_857_446n]]);
  expect(joined.schema[1]).toMatchObject({ name: "time_ns", type: "BIGINT", unit: "ns" });
  expect(joined.provenance).toMatchObject({
    host: "root@192.0.2.1",
    lost: 7,
    truncated: true,
    partial: false,
    notes: ["events: careful"],
  });
});

test("unknown loss stays unknown, hosts that differ are no host", async () => {
  const one = createFrame([port], [[1]], { ...provenance, lost: "unknown" });
  const other = createFrame([port], [[1]], { ...provenance, host: "root@192.0.2.2" });
  const joined = await sql("FROM one JOIN other USING (src_port)", { one, other });
  expect(joined.provenance).toMatchObject({ lost: "unknown", host: null });
});

test("a typo names what there is; what is no Table is refused", async () => {
  const one = createFrame([port], [[1]], provenance);
  await expect(sql("SELECT src_prot FROM one", { one })).rejects.toMatchObject({ code: "SQL_FAILED" });
  await expect(sql("SELECT src_prot FROM one", { one })).rejects.toThrow(/src_port/);
  await expect(sql("FROM two", { one })).rejects.toMatchObject({ code: "SQL_FAILED" });
  await expect(sql("FROM one", { one: Promise.resolve(one) as never })).rejects.toMatchObject({
    code: "BAD_PARAMETER",
  });
});
