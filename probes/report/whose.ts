import { SkbookError } from "../../lib/errors/index.js";
import { type Host, topology } from "../../lib/hosts/index.js";
import { type Column, createTable, type Frame, type Table, type Value } from "../../lib/tables/index.js";
import { word } from "../columns.js";

/** Whose the devices of a host are: their network namespaces, what is behind them, and the addresses that they have. */
export interface Whose {
  devices: Table;
  paths: Table;
}

const devices: Column[] = [
  word("name", "interface"),
  word("netns", "its network namespace"),
  { name: "netns_inode", type: "BIGINT", meaning: "inode of that namespace" },
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

/** In SQL: the name of a namespace, the inode itself where nobody has named it. */
const nameOf = (inode: string) =>
  `coalesce((SELECT any_value(netns) FROM devices WHERE devices.netns_inode = ${inode}), 'net:[' || ${inode} || ']')`;
/** In SQL: the machine behind a device of a namespace; null where several are, or none. */
const behind = (device: string, netns: string) =>
  `(SELECT CASE WHEN count(DISTINCT paths.guest) = 1 THEN any_value(paths.guest) END FROM paths WHERE paths.device = ${device} AND paths.netns = ${netns})`;

/** In SQL over drops, `all`, and {@link Whose}: each with the network namespace of its device, the machine behind it, and whether it was sent to an address of that namespace. */
export const placedSql = `
  SELECT *, ${behind("named.device", "named.netns")} AS guest,
    dst IN (SELECT split_part(unnest(string_split(addresses, ', ')), '/', 1) FROM devices WHERE devices.netns = named.netns) AS own
  FROM (SELECT *, ${nameOf('"all".netns_inode')} AS netns FROM "all") AS named`;

/** In SQL over counters, `drops` and {@link Whose}: each counter with the machine behind its device, and how much of it the drops explain that are no loss. */
export const countedSql = `
  SELECT *, ${behind("split_part(counters.subject, ' ', 1)", "counters.netns")} AS guest,
    CASE WHEN source = 'link' AND "counter" = 'rx_dropped' THEN coalesce((SELECT sum(drops.drops) FROM drops
      WHERE drops.rule = 'OTHER_PROTOCOL' AND drops.device = counters.subject AND drops.netns = counters.netns), 0) ELSE 0 END AS no_loss
  FROM counters`;
