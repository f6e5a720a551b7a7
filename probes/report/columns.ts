import type { Column } from "../../lib/tables/index.js";

export const drops: Column = { name: "drops", type: "BIGINT", unit: "packets", meaning: "packets dropped" };
export const percent: Column = {
  name: "percent",
  type: "DOUBLE",
  unit: "%",
  meaning: "of all that was dropped",
};
export const whole = (name: string, meaning: string): Column => ({ name, type: "INTEGER", meaning });

/** Of what the relation `all` has. */
export const percentSql = `100 * sum(drops) / (SELECT sum(drops) FROM "all")`;
