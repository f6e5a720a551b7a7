import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Cells } from "../../kernel/compiler/cells.js";
import { complete, inspect } from "../../kernel/compiler/questions.js";

const folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
afterAll(() => rmSync(folder, { recursive: true }));
const cells = new Cells();
cells.open(folder);
const values = { variables: new Map(), catalogue: new Map() };

const given = `import { conntrackEvents, dropEvents, dropSummary, localhost, pathSummary, qdiscDrops } from "skbook";
const host = localhost();
`;

/** What Shift-Tab shows where `|` stands. */
function shown(cell: string): string {
  const { signature = "", documentation = "" } =
    inspect(cells, given + cell.replace("|", ""), given.length + cell.indexOf("|"), values) ?? {};
  return `${signature}\n${documentation}`;
}

test.each([
  ['dropSummary(host, { s|rc: "" })', "Source address or prefix, IPv4 or IPv6"],
  ['dropSummary(host, { b|y: ["flow"] })', "default reason, site, device"],
  ["dropSummary(host, { vn|i: 7 })", "(integer, 0 to 16,777,215)"],
  ["dropSummary(host, { sec|onds: 7 })", "in seconds: 0.5 to 3600"],
  ["dropEvents(host, { seconds: 1, maxEv|ents: 7 })", "(integer, 1 to 10,000,000). Default 10000."],
  ["dropEvents(host, { seconds: 1, sta|cks: 4 })", "up to 64; 0 or false for none"],
  ["dropEvents(host, { seconds: 1, head|ers: true })", "default false"],
  ['conntrackEvents(host, { seconds: 1, sta|te: "NEW" })', "Only packets in this state"],
  ['qdiscDrops(host, { seconds: 1, de|vice: "eth0" })', "Interface that packets leave by."],
  ["pathSummary(host, { seconds: 1, timeout|Ms: 7 })", "(integer, 1 to 60,000). Default 1000."],
])("an option tells its meaning, range and default: %s", (cell, words) => {
  expect(shown(cell)).toContain(words);
});

test("a probe's signature names its parameters in short", () => {
  expect(shown("drop|Summary")).toContain('const dropSummary: Probe<DropSummaryParameters, "frame">');
  expect(shown("dropSummary(|")).toContain("parameters: CommonParameters & DropSummaryParameters");
});

test("options are completed where a call begins", () => {
  const code = `${given}dropSummary(host, { sr`;
  expect(complete(cells, code, code.length, values).matches.map(({ text }) => text)).toEqual([
    "src",
    "srcPort",
  ]);
});
