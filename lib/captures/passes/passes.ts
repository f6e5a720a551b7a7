import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type Column,
  type Derivation,
  deriveParquet,
  openParquet,
  ParquetWriter,
  type Table,
  type Value,
} from "../../tables/index.js";
import { type Base, baseOf } from "../base/index.js";
import { cachedTable, cacheKey, openWorkplace } from "../cache/index.js";
import type { Capture } from "../capture.js";

/** What {@link Pass.run} fills: up to 2048 rows at a time, column by column. */
export interface PassWriter {
  append(values: readonly (readonly Value[])[]): Promise<void>;
}

/** Code of our own that goes once through a packet Table and makes Tables of it, which are kept beside it. */
export interface Pass<Name extends string = string> {
  name: string;
  /** The folder of its code: what other code made isn't its Tables. */
  code: URL;
  /** The Tables that it makes, by name; the first one has one row per packet, in the order of the packets. */
  tables: { [name in Name]: readonly Column[] };
  /** Columns of the packet Table that the first Table's take the place of. */
  replaces: readonly string[];
  run(
    sources: Derivation["sources"],
    capture: Capture,
    writers: { [name in Name]: PassWriter },
  ): Promise<void>;
}

const made = new WeakMap<Table, Map<string, Promise<{ [name: string]: Table }>>>();

/** The Tables of a pass over a packet Table; asked again, also in another session, the same ones. */
export function passOver<Name extends string>(
  packets: Table,
  capture: Capture,
  pass: Pass<Name>,
): Promise<{ [name in Name]: Table }> {
  const passes = made.get(packets) ?? new Map<string, Promise<{ [name in Name]: Table }>>();
  made.set(packets, passes);
  const known = passes.get(pass.name);
  if (known !== undefined) return known as Promise<{ [name in Name]: Table }>;
  const tables = keptOrRun(baseOf(packets), capture, pass);
  passes.set(pass.name, tables);
  tables.catch(() => passes.delete(pass.name));
  return tables;
}

async function keptOrRun<Name extends string>(
  base: Base,
  capture: Capture,
  pass: Pass<Name>,
): Promise<{ [name in Name]: Table }> {
  const key = base.key === null ? null : await cacheKey({ packets: base.key, pass: pass.name }, pass.code);
  const kept = key === null ? null : await cachedTable(key);
  const opened = kept === null ? null : await open(base, pass, kept.paths).catch(() => null);
  return opened ?? run(base, capture, pass, key);
}

async function run<Name extends string>(
  { packets, conversations, sides, untimed }: Base,
  capture: Capture,
  pass: Pass<Name>,
  key: string | null,
): Promise<{ [name in Name]: Table }> {
  const place = await openWorkplace(key);
  const files: ParquetWriter[] = [];
  try {
    const writers: { [name: string]: PassWriter } = {};
    for (const [name, columns] of entriesOf(pass)) {
      const file = await ParquetWriter.open(place.folder, columns, name);
      files.push(file);
      writers[name] = {
        append(values) {
          file.appendColumns(values);
          return file.settle();
        },
      };
    }
    await pass.run(
      { packets, conversations, sides, untimed },
      capture,
      writers as { [name in Name]: PassWriter },
    );
    const paths: string[] = [];
    for (const [name, columns] of entriesOf(pass)) {
      const written = await (files.shift() as ParquetWriter).finish();
      const disordered = paths.length === 0 && !capture.facts.inOrder;
      paths.push(...(disordered ? [await sorted(packets, name, columns, written, place.folder)] : written));
    }
    return await open(baseOf(packets), pass, await place.keep(paths, null));
  } catch (error) {
    for (const file of files) await file.close();
    await place.discard();
    throw error;
  }
}

/** Rows that came in the order of time, in the order of the packets. */
async function sorted(
  packets: Table,
  name: string,
  columns: readonly Column[],
  paths: readonly string[],
  folder: string,
): Promise<string> {
  const path = join(folder, `${name}-sorted.parquet`);
  const written = await openParquet(name, paths, columns, packets.provenance);
  await deriveParquet(path, {
    sources: { written },
    query: "FROM written ORDER BY frame",
    columns,
    provenance: packets.provenance,
  });
  for (const each of paths) await rm(each);
  return path;
}

async function open<Name extends string>(
  { packets }: Base,
  pass: Pass<Name>,
  paths: readonly string[],
): Promise<{ [name in Name]: Table }> {
  const tables: { [name: string]: Table } = {};
  for (const [name, columns] of entriesOf(pass)) {
    const own = paths.filter((path) => path.includes(`/${name}-`));
    tables[name] = await openParquet(name, own, columns, packets.provenance);
  }
  return tables as { [name in Name]: Table };
}

function entriesOf<Name extends string>({ tables }: Pass<Name>): [string, readonly Column[]][] {
  return Object.entries(tables);
}
