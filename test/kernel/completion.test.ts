import { beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../fixtures/processes.js";
import { useKernel } from "./fixtures.js";

const kernel = useKernel();

interface Completed {
  matches: string[];
  start: number;
  end: number;
  types: Record<string, string>;
}

/** What Tab offers where `|` stands. */
async function completed(marked: string): Promise<Completed> {
  const cursor_pos = marked.indexOf("|");
  const code = marked.replace("|", "");
  const reply = await kernel.client.request("shell", "complete_request", { code, cursor_pos });
  const { _jupyter_types_experimental: types } = reply.metadata as {
    _jupyter_types_experimental: { text: string; type: string }[];
  };
  return {
    matches: reply.matches as string[],
    start: reply.cursor_start as number,
    end: reply.cursor_end as number,
    types: Object.fromEntries(types.map(({ text, type }) => [text, type])),
  };
}

/** The cell as it is when its first completion has been taken. */
async function taken(marked: string): Promise<string> {
  const { matches, start, end } = await completed(marked);
  const code = marked.replace("|", "");
  return `${code.slice(0, start)}${matches[0]}${code.slice(end)}`;
}

/** What Shift-Tab shows where `|` stands. */
async function inspected(marked: string): Promise<string> {
  const content = { code: marked.replace("|", ""), cursor_pos: marked.indexOf("|"), detail_level: 0 };
  const { data } = await kernel.client.request("shell", "inspect_request", content);
  return String((data as Record<string, unknown>)["text/plain"] ?? "");
}

beforeAll(async () => {
  // The kernel reads in a pause what can be imported.
  let known = false;
  const ask = async () => {
    known = (await completed("dropSumm|")).matches.length > 0;
  };
  for (let tries = 0; tries < 100 && !known; tries++) {
    await ask();
    await eventually(0.2, () => known);
  }
});

describe("a name that isn't imported", () => {
  test("brings its import, in front of the statement that it is in", async () => {
    expect(await taken("dropSumm|")).toBe('import { dropSummary } from "skbook";\ndropSummary');
    expect(await taken("const a = 1;\nconst drops = await dropSumm|(host)")).toBe(
      'const a = 1;\nimport { dropSummary } from "skbook";\nconst drops = await dropSummary(host)',
    );
    expect(await taken("// first\nfor (const host of []) {\n  await dropSumm|\n}")).toBe(
      '// first\nimport { dropSummary } from "skbook";\nfor (const host of []) {\n  await dropSummary\n}',
    );
  });

  test("is offered with others that begin so, and beside names of the cells as a name alone; written out, with its import", async () => {
    const { matches } = await completed("await retra|");
    expect(matches).toEqual([
      'import { retransmissionBursts } from "skbook";\nawait retransmissionBursts',
      'import { retransmissions } from "skbook";\nawait retransmissions',
    ]);
    await kernel.run("const flowsOfMine = 1;");
    const beside = await completed("flow|");
    expect(beside.matches).toEqual(expect.arrayContaining(["flowsOfMine", "flows", "flowTimeline"]));
    expect(beside.types.flows).toBe("not imported");
    expect(await taken("flows|")).toBe('import { flows } from "skbook";\nflows');
  });

  test("is not offered where it is imported, as a member, or in a text", async () => {
    expect((await completed('import { dropSummary } from "skbook"; dropSumm|')).matches).toEqual([
      "dropSummary",
    ]);
    expect((await completed("const a = { b: 1 }; a.dropS|")).matches).toEqual([]);
    expect((await completed('"dropSumm|"')).matches).toEqual([]);
    expect((await completed("// dropSumm|")).matches).toEqual([]);
  });

  test("that a cell uses all the same is told its import", async () => {
    const { reply } = await kernel.run("await dropEvents(unheardOf, {} as Finding)");
    expect(reply.evalue).toMatch(
      /\nput in front: import \{ dropEvents \} from "skbook"; import \{ type Finding \} from "skbook";$/,
    );
    expect(String(reply.evalue)).toContain("Cannot find name 'unheardOf'");
  });

  test("runs as it was completed", async () => {
    const code = await taken("typeof localh|");
    expect((await kernel.run(code)).of("execute_result")[0]?.data).toEqual({ "text/plain": "'function'" });
  });
});

describe("columns in the text of a query", () => {
  beforeAll(async () => {
    const { reply } = await kernel.run(`import { createFrame, sql } from "skbook";
      const provenance = { source: "test", host: null, recordingId: null, startedAt: null, endedAt: null, lost: 0, truncated: false, partial: false, notes: [], details: {} } as const;
      const column = (name: string, unit: string) => ({ name, type: "BIGINT", unit, meaning: "meaning of " + name }) as const;
      const one = createFrame([column("rtt_ns", "ns"), column("drops", "packets")], [[1, 2]], { ...provenance, notes: [] });
      const two = createFrame([column("rtt_ns", "us"), column("resent", "bytes")], [[1, 2]], { ...provenance, notes: [] });`);
    expect(reply, String(reply.evalue)).toMatchObject({ status: "ok" });
  });

  test("of a variable: type and unit beside each", async () => {
    const { matches, types, start, end } = await completed('await one.sql("SELECT rt| FROM this")');
    expect([matches, start, end]).toEqual([["rtt_ns"], 22, 24]);
    expect(types).toEqual({ rtt_ns: "BIGINT,\u00a0ns" });
    expect((await completed("one.sql(`SELECT *\n  FROM |`)")).matches).toEqual(["rtt_ns", "drops", "this"]);
  });

  test("of several tables: of one behind its name", async () => {
    const all = await completed('await sql("SELECT | FROM one", { one, other: two })');
    expect(all.matches).toEqual(["rtt_ns", "drops", "resent", "one", "other"]);
    const { matches } = await completed('await sql("SELECT other.r| FROM one", { one, other: two })');
    expect(matches).toEqual(["rtt_ns", "resent"]);
    const template = await completed("sql(`SELECT ${'drops'} AS a, r| FROM one`, { one })");
    expect(template.matches).toEqual(["rtt_ns"]);
  });

  test("of what a function returns that has not run yet", async () => {
    const { matches } = await completed(
      'const d = await dropSummary(host, { seconds: 1 });\nawait d.sql("SELECT dro|")',
    );
    expect(matches).toEqual(["drops"]);
    expect((await completed("(await flows(cap)).sql('SELECT dir|')")).matches).toContain("direction_by");
  });

  test("and nothing where the text is no query, or of something unknown", async () => {
    expect((await completed('console.log("rt|")')).matches).toEqual([]);
    expect((await completed('unknown.sql("rt|")')).matches).toEqual([]);
    await kernel.run(
      "const odd = { get columns(): string { throw new Error('no') }, sql: (text: string) => text };",
    );
    expect((await completed('odd.sql("rt|")')).matches).toEqual([]);
    await kernel.run(`const strange = { schema: [{ name: "rtt_ns", type: "BIGINT", meaning: "time", exact: 1n }] };
const loop: { columns: unknown[] } = { columns: [{ name: 1, meaning: "no name" }] }; loop.columns.push(loop);`);
    expect((await completed("JSON.stri|")).matches).toEqual(["stringify"]);
  });

  test("Shift-Tab tells type, unit and meaning", async () => {
    expect(await inspected('one.sql("SELECT rtt|_ns FROM this")')).toBe(
      "(column) rtt_ns: BIGINT, ns\n\nmeaning of rtt_ns",
    );
    expect(await inspected('sql("SELECT rtt_ns|", { one, two })')).toBe(
      "(column) one.rtt_ns: BIGINT, ns\n(column) two.rtt_ns: BIGINT, us\n\nmeaning of rtt_ns",
    );
    expect(await inspected('one["dro|ps"]')).toContain("(column) drops: BIGINT, packets");
    expect(await inspected('one.column("|drops")')).toContain("meaning of drops");
  });
});
