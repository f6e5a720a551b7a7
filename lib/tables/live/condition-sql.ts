import { type Column, literal, quoted } from "../column.js";
import { type Condition, conditionOf, isTime } from "../shown/index.js";

/** What was typed for a column as SQL, as `meets` takes it; undefined where it means nothing. */
export function filterSql(column: Column, typed: string): string | undefined {
  const condition = conditionOf(typed, column);
  return condition && conditionSql(column, condition);
}

/** Whether one of the columns contains a text. */
export function searchSql(columns: readonly Column[], text: string): string {
  const wanted = literal(text.toLowerCase());
  const found = columns.map((column) => `contains(lower(${textSql(column)}), ${wanted})`);
  return `(${found.join(" OR ")})`;
}

function conditionSql(column: Column, condition: Condition): string {
  const name = quoted(column.name);
  switch (condition.is) {
    case "null":
      return `${name} IS ${condition.not ? "NOT " : ""}NULL`;
    case "containing":
    case "equal": {
      const [text, wanted] = [`lower(${textSql(column)})`, literal(condition.text.toLowerCase())];
      const found = condition.is === "equal" ? `${text} = ${wanted}` : `contains(${text}, ${wanted})`;
      return condition.not ? `NOT ${found}` : found;
    }
    case "between":
      return `${name} BETWEEN ${condition.low} AND ${condition.high}`;
    default: {
      const met = `${name} ${condition.is} ${condition.number}`;
      // DuckDB has NaN above all numbers.
      const isAbove = column.type === "DOUBLE" && condition.is.startsWith(">");
      return isAbove ? `(${met} AND NOT isnan(${name}))` : met;
    }
  }
}

/** A value's text as `exactValue` gives it. */
function textSql(column: Column): string {
  const name = quoted(column.name);
  // DuckDB writes 250.0, a page 250.
  if (column.type === "DOUBLE") return `regexp_replace(CAST(${name} AS VARCHAR), '\\.0$', '')`;
  if (!isTime(column)) return `CAST(${name} AS VARCHAR)`;
  return `strftime(make_timestamp_ns(CAST(${name} AS BIGINT)), '%Y-%m-%d %H:%M:%S.%n')`;
}
