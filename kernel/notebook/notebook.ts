import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { writeFailure } from "../../lib/errors/index.js";
import { UsageError } from "../usage-error.js";

const text = z.union([z.string(), z.array(z.string())]);
const metadata = z.record(z.string(), z.unknown());
const cellSchema = z.looseObject({
  cell_type: z.enum(["code", "markdown", "raw"]),
  id: z.string().optional(),
  metadata: metadata.default({}),
  source: text,
});
const notebookSchema = z.looseObject({
  nbformat: z.literal(4, "only notebooks of format 4 can be run"),
  nbformat_minor: z.number(),
  metadata: metadata.default({}),
  cells: z.array(cellSchema),
});

/** One output of a code cell, as nbformat 4 has it. */
export type Output = { output_type: string } & Record<string, unknown>;

export interface Cell {
  cell_type: "code" | "markdown" | "raw";
  id: string;
  metadata: Record<string, unknown>;
  source: string;
  /** Of code cells only. */
  execution_count?: number | null;
  outputs?: Output[];
  /** Whatever else the format has, such as attachments. */
  [key: string]: unknown;
}

export interface Notebook {
  nbformat: 4;
  nbformat_minor: number;
  metadata: Record<string, unknown>;
  cells: Cell[];
}

/** Reads a notebook for running: without outputs, and every cell with an id. */
export async function readNotebook(path: string): Promise<Notebook> {
  const raw = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === "ENOENT" ? `there is no ${resolve(path)}` : error.message;
    throw new UsageError(`cannot read the notebook: ${missing}`);
  });
  const parsed = notebookSchema.safeParse(parseJson(raw, path));
  if (!parsed.success) throw new UsageError(`${path} is not a notebook: ${z.prettifyError(parsed.error)}`);
  const { metadata, cells } = parsed.data;
  const ids = new Set(cells.map(({ id }) => id));
  const freshId = (index: number): string => {
    let id = `cell-${index + 1}`;
    while (ids.has(id)) id += "-";
    return id;
  };
  return {
    nbformat: 4,
    nbformat_minor: Math.max(5, parsed.data.nbformat_minor),
    metadata,
    cells: cells.map((cell, index) => {
      const source = typeof cell.source === "string" ? cell.source : cell.source.join("");
      const named = { ...cell, id: cell.id ?? freshId(index), source };
      return cell.cell_type === "code" ? { ...named, execution_count: null, outputs: [] } : named;
    }),
  };
}

function parseJson(raw: string, path: string): unknown {
  try {
    return JSON.parse(raw);
  } catch (error) {
    throw new UsageError(`${path} is not a notebook: ${(error as Error).message}`);
  }
}

/** A text as nbformat stores it: a list of lines, so that a version control shows differences line by line. */
export function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/).filter((line) => line !== "");
}

/** The first heading of a notebook. */
export function titleOf({ cells }: Notebook): string | undefined {
  return cells
    .filter(({ cell_type }) => cell_type === "markdown")
    .map(({ source }) => /^#\s+(.+)$/m.exec(source)?.[1])
    .find((text) => text !== undefined);
}

/** The tags of a cell. */
export function tagsOf(cell: Cell): string[] {
  return Array.isArray(cell.metadata.tags) ? cell.metadata.tags : [];
}

/** The notebook as a file, in the key order and indentation that Jupyter writes. */
export function formatNotebook({ cells, metadata, nbformat, nbformat_minor }: Notebook): string {
  const sorted = cells.map((cell) => {
    const entries = Object.entries({ ...cell, source: linesOf(cell.source) });
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return `${JSON.stringify({ cells: sorted, metadata, nbformat, nbformat_minor }, null, 1)}\n`;
}

/** Writes a file whole or not at all. */
export async function writeWhole(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    const todo = "give a path in a folder that can be written to";
    throw writeFailure({ code: "WRITE_FAILED", path, todo }, error);
  }
}
