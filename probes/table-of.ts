import { createTable, type Frame, type Table, type Value } from "../lib/tables/index.js";

/** A Table of what a Frame has, for rules and queries. */
export async function tableOf(name: string, frame: Frame): Promise<Table> {
  const writer = await createTable(name, frame.schema);
  writer.append(frame.values as Value[][]);
  return writer.finish(frame.provenance);
}
