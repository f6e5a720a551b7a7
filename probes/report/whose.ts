import { SkbookError } from "../../lib/errors/index.js";
import { type Host, topology } from "../../lib/hosts/index.js";
import { type Column, createTable, type Frame, type Table, type Value } from "../../lib/tables/index.js";
import { word } from "./columns.js";

/** Whose the devices of a host are: their network namespaces, what is behind them, and the addresses that they have. */
export interface Whose {
  devices: Table;
  paths: Table;
}

const devices: Column[] = [
  word("name", "interface"),
  word("netns", "its network namespace"),
  word("addresses", "its own"),
];
const paths: Column[] = [
  word("device", "interface"),
  word("netns", "its network namespace"),
  word("guest", "behind it"),
];

/** Asks the host; where it can't say, or a case doesn't have it, nobody is known to own a device. */
export async function whoseDevices(host: Host): Promise<Whose> {
  const known = await topology(host).catch((error) => {
    if (error instanceof SkbookError && ["INTERRUPTED", "CONNECTION_LOST"].includes(error.code)) throw error;
    return null;
  });
  return {
    devices: await part("devices", devices, known?.devices),
    paths: await part("paths", paths, known?.paths),
  };
}

async function part(name: string, columns: Column[], frame: Frame | undefined): Promise<Table> {
  const writer = await createTable(name, columns);
  const names = columns.map((column) => column.name).join(", ");
  if (frame !== undefined) writer.append((await frame.sql(`SELECT ${names} FROM this`)).values as Value[][]);
  return writer.finish({
    ...{
      source: "dropReport",
      host: frame?.provenance.host ?? null,
      recordingId: null,
      startedAt: null,
      endedAt: null,
    },
    ...{ lost: 0, truncated: false, partial: frame === undefined, notes: [], details: {} },
  });
}

/** In SQL: what all devices of a name have in common; null where several differ. */
const only = (column: string, from: string, name: string) =>
  `(SELECT CASE WHEN count(DISTINCT ${column}) = 1 THEN any_value(${column}) END FROM ${from} WHERE ${from}.${name} = "all".device)`;

/** In SQL over drops: the network namespace of their device, and the machine behind it. */
export const netnsSql = only("netns", "devices", "name");
export const guestSql = only("guest", "paths", "device");
/** In SQL over drops: they were sent to an address of this host. */
export const ownSql = `dst IN (SELECT split_part(unnest(string_split(addresses, ', ')), '/', 1) FROM devices)`;
