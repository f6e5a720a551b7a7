import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Cells } from "../../kernel/compiler/cells.js";
import { bundleOf } from "../../lib/cell/index.js";
import { entries } from "../../lib/help/entries.js";
import * as skbook from "../../lib/index.js";

const { help } = skbook;

async function textOf(query?: string): Promise<string> {
  return String((await bundleOf(help(query)))["text/plain"]);
}

/** The names that a search lists, the best first. */
async function namesFor(query: string): Promise<string[]> {
  return [...(await textOf(query)).matchAll(/^ {2}(\w+) {2}/gm)].map(([, name = ""]) => name);
}

describe("help", () => {
  test("has everything that skbook exports, and every rule of findings", () => {
    const names = new Set(entries.map(({ name }) => name));
    for (const name of Object.keys(skbook)) expect(names, name).toContain(name);
    for (const rule of ["TCP_RESENT", "DROPS_QUEUE", "LATE_FROM_IDLE", "SOCKET_RESENT"])
      expect(names).toContain(rule);
  });

  test.each([
    ["retransmission", "retransmissions"],
    ["retransmitted", "retransmissions"],
    ["retransmision", "retransmissions"],
    ["TCP zero window", "zeroWindows"],
    ["drop reason", "dropSummary"],
    ["conntrack", "conntrackEvents"],
    ["slow dns", "DNS_SLOW"],
    // Of columns and of parameters.
    ["rtt_mean_ns", "pingSummary"],
    ["vni", "dropSummary"],
  ])("finds for %s, among the first five, %s", async (query, name) => {
    expect((await namesFor(query)).slice(0, 5)).toContain(name);
  });

  test("puts the function of that name first, before those with a column of it", async () => {
    expect((await namesFor("retransmission"))[0]).toBe("retransmissions");
  });

  test("of a name shows parameters, columns with units, and a call with its import", async () => {
    const text = await textOf("dropSummary");
    expect(text).toContain('import { dropSummary, localhost } from "skbook";');
    expect(text).toMatch(/^ {2}src \(.*\): /m);
    expect(text).toMatch(/^ {2}drops \(BIGINT, packets\): /m);
  });

  test("without a query shows all functions, by page", async () => {
    const text = await textOf();
    expect(text).toContain("\nAnalyses: TCP\n");
    for (const { name, kind, from } of entries)
      if (from === "skbook" && kind !== "type") expect(text).toContain(name);
  });

  test("what it says of a query that finds nothing is text", async () => {
    const bundle = await bundleOf(help("<img src=x onerror=alert(1)>xqzzy"));
    expect(bundle["text/html"]).not.toContain("<img");
  });

  test("its HTML has no script, and its tags close", async () => {
    for (const query of [undefined, "tcp", "flows", "Provenance"]) {
      const markup = String((await bundleOf(help(query)))["text/html"]);
      expect(markup).not.toMatch(/<script|\son\w+=/);
      for (const tag of ["div", "details", "summary", "table", "pre", "code", "p"])
        expect(markup.split(`<${tag}>`).length + markup.split(`<${tag} `).length - 2, tag).toBe(
          markup.split(`</${tag}>`).length - 1,
        );
    }
  });
});

describe("the calls that help shows", () => {
  const folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const cells = new Cells();
  cells.open(folder);
  /** What only the reader can have: a case, figures' frames, a body of their own. */
  const own = /\b(?:drops|resent|at|sentOnA_ns|readFileSync)\b/;

  test("compile as cells", () => {
    const calls = entries.filter(({ call }) => call !== "" && !own.test(call));
    expect(calls.length).toBeGreaterThan(90);
    const complaints = calls.flatMap(({ name, call }) => {
      try {
        cells.compile(call);
        return [];
      } catch (error) {
        return [`${name}: ${error}`];
      }
    });
    expect(complaints).toEqual([]);
  });
});
