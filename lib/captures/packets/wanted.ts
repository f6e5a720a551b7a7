import { cacheKey } from "../cache/index.js";
import type { Capture } from "../capture.js";
import { type FieldSet, resolveFields } from "../fields/index.js";
import { checkUnchanged } from "../identity.js";
import { columnsFor, inOrder, type Printed } from "./fields.js";
import type { PacketColumn } from "./readers.js";
import type { Withholding } from "./withhold.js";

/** What a pass of tshark over a capture is to give. */
export interface Wanted {
  /** Names the run and the Table. */
  name: string;
  columns: readonly PacketColumn[];
  /** Display filter; "" for all packets. */
  filter: string;
  /** tshark's preferences. */
  settings: readonly string[];
  /** Fields without which the rows say nothing. */
  essential: ReadonlySet<string>;
  /** What must not be kept of a field is taken away before anything is: neither a Table nor a case has it. */
  withhold?: Withholding;
  /** The folder of the code that reads these columns, where it is another than the packet Table's: with other code, a kept Table isn't this one. */
  code?: URL;
  /** Analyses start from it: their base belongs to it. */
  analysed?: boolean;
}

/** What is wanted, by what the tshark there can give. */
export interface Prepared extends Wanted {
  fields: FieldSet;
  printed: readonly Printed[];
}

export async function prepared(capture: Capture, wanted: Wanted): Promise<Prepared> {
  const fields = await resolveFields(capture.host, fieldsOf(wanted.columns), wanted.essential);
  const columns = wanted.columns.map((column): PacketColumn => {
    const lacking = column.needs.some((name) => fields.unknown.includes(name));
    return lacking ? { ...column, read: () => null } : column;
  });
  return { ...wanted, columns, fields, printed: columnsFor(fields) };
}

function fieldsOf(columns: readonly PacketColumn[]): string[] {
  return inOrder(["frame.protocols", ...columns.flatMap(({ needs }) => needs)]);
}

/** What the cache knows its Table by. */
export async function keyOf(
  capture: Capture,
  { name, columns, fields, printed, filter, settings, code }: Prepared,
): Promise<string> {
  const identity = await checkUnchanged(capture);
  const names = columns.map(({ column }) => `${column.name} ${column.type}`);
  const parts = {
    host: capture.host.name,
    identity,
    name,
    names,
    fields: printed.map(({ column }) => column),
    filter,
    settings: [...settings],
    version: fields.version,
  };
  return cacheKey(parts, code);
}
