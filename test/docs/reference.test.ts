import { expect, test } from "vitest";
import { readProbes } from "../../docs/generator/adapters/probes.js";
import { stale } from "../../docs/generator/generate.js";
import { describeLive } from "../fixtures/needs.js";

// tshark says which columns analyses have.
describeLive("the reference and the lists of columns in doc comments", ["tshark"], () => {
  test("are what the definitions say; else npm run docs writes them", async () => {
    expect([...(await stale()).keys()]).toEqual([]);
  });
});

test("every probe tells its parameters: each has a meaning", () => {
  const probes = readProbes();
  expect(probes.size).toBeGreaterThan(8);
  for (const { name, parameters } of probes.values())
    for (const parameter of parameters)
      expect(parameter.meaning, `${name}: ${parameter.name}`).not.toBeNull();
});
