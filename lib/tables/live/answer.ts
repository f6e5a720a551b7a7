import { z } from "zod";
import { answerQuestions } from "../../cell/index.js";
import { SkbookError } from "../../errors/index.js";
import { type Column, quoted, type Value } from "../column.js";
import { withConnection } from "../database.js";
import { type Answer, packedValue, type Question } from "../shown/index.js";
import { filterSql, searchSql } from "./condition-sql.js";
import { type Kept, keptUnder } from "./kept.js";

const questions = z.object({
  id: z.string(),
  sort: z.array(z.object({ column: z.string(), descending: z.boolean() })).max(100),
  filters: z.array(z.object({ column: z.string(), typed: z.string().max(1000) })).max(1000),
  search: z.string().max(1000),
  offset: z.int().min(0),
  limit: z.int().min(0).max(10_000),
}) satisfies z.ZodType<Question>;

/** Rows in the order of the table stay so where they are the same in what sorts. */
const place = quoted("place in the table");

/** The rows of a kept table that a page asks for. */
async function answer(asked: unknown): Promise<Answer> {
  const parsed = questions.safeParse(asked);
  if (!parsed.success) throw notAQuestion(parsed.error);
  const { id, sort, filters, search, offset, limit } = parsed.data;
  const kept = keptUnder(id);
  if (kept === undefined) throw notKept(id);
  const table = await kept.table();
  const columnOf = (name: string) => knownColumn(kept, name);
  const conditions = filters.flatMap(({ column, typed }) => filterSql(columnOf(column), typed) ?? []);
  if (search !== "") conditions.push(searchSql(kept.columns, search));
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const order = sort.map(({ column, descending }) => {
    return `${quoted(columnOf(column).name)} ${descending ? "DESC" : "ASC"} NULLS LAST`;
  });
  const names = kept.columns.map(({ name }) => quoted(name)).join(", ");
  const all =
    order.length === 0
      ? `SELECT ${names} FROM ${table}${where}`
      : `SELECT ${names} FROM (SELECT *, row_number() OVER () AS ${place} FROM ${table})${where}
         ORDER BY ${order.join(", ")}, ${place}`;
  return withConnection(async (connection) => {
    // Another question may be answered meanwhile.
    let { counted } = kept;
    if (counted?.where !== where) {
      const [[count] = []] = await (await connection.run(`SELECT count(*) FROM ${table}${where}`)).getRows();
      counted = { where, rows: Number(count) };
      kept.counted = counted;
    }
    const rows = await (await connection.run(`${all} LIMIT ${limit} OFFSET ${offset}`)).getRows();
    return {
      matching: counted.rows,
      rows: rows.map((row) => row.map((value) => packedValue(value as Value))),
    };
  });
}

function knownColumn({ columns }: Kept, name: string): Column {
  const column = columns.find((one) => one.name === name);
  if (column !== undefined) return column;
  throw new SkbookError({
    code: "BAD_PARAMETER",
    tried: "look rows of a table up",
    failed: `it has no column ${name}`,
    todo: "run the cell again that showed it",
  });
}

function notAQuestion(error: z.ZodError): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: "look rows of a table up",
    failed: error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "),
    todo: "type less into searches and filters, or select the rows with sql()",
  });
}

function notKept(id: string): SkbookError {
  return new SkbookError({
    code: "NOT_KEPT",
    tried: `look rows of the table ${id} up`,
    failed: "the kernel doesn't have this table any more",
    todo: "run the cell again that showed it",
  });
}

answerQuestions("table", answer);
