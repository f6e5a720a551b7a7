import { expect, test } from "vitest";
import { readProbes } from "../../docs/generator/adapters/probes.js";
import { commentOn } from "../../docs/generator/comment.js";
import { stale } from "../../docs/generator/generate.js";
import { readExports } from "../../docs/generator/source.js";
import { describeLive } from "../fixtures/needs.js";

// tshark says which columns analyses have.
describeLive("the reference and the lists of columns in doc comments", ["tshark"], () => {
  test("are what the definitions say; else npm run docs writes them", async () => {
    expect([...(await stale()).keys()]).toEqual([]);
  });
});

test("the doc comment of each probe names its columns", () => {
  const exports = readExports();
  const probes = readProbes();
  expect(probes.size).toBeGreaterThan(8);
  for (const { name, columns } of probes.values()) {
    const documented = exports.get(name)?.documented;
    const text = documented === undefined ? "" : commentOn(documented, { columns: true }).text;
    const named = [...(text.split("Columns")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, word]) => word);
    const usual = columns[0]?.columns.map((column) => column.name) ?? [];
    expect(named, name).toEqual(expect.arrayContaining(usual));
  }
});
