import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { program } from "../../kernel/package.js";
import { KernelClient } from "../../kernel/run/index.js";
import type { Content, Message } from "../../kernel/wire/index.js";

export interface Ran {
  reply: Content;
  messages: Message[];
  /** The contents of the messages of one type. */
  of(type: string): Content[];
}

/** One kernel for the tests of a file, in an empty folder. */
export function useKernel(): {
  readonly client: KernelClient;
  readonly folder: string;
  run(code: string): Promise<Ran>;
} {
  const folder = useFolder();
  let client: KernelClient | undefined;
  const current = (): KernelClient => {
    if (client === undefined) throw new Error("the kernel is not up");
    return client;
  };
  beforeAll(async () => {
    client = await KernelClient.start(folder.path);
  });
  afterAll(() => client?.shutdown());
  return {
    get client() {
      return current();
    },
    get folder() {
      return folder.path;
    },
    async run(code) {
      const messages: Message[] = [];
      const reply = await current().execute(code, "test-cell", (message) => messages.push(message));
      const of = (type: string) =>
        messages.filter(({ header }) => header.msg_type === type).map(({ content }) => content);
      return { reply, messages, of };
    },
  };
}

/** An empty folder outside of the project, gone after the tests of a file. */
export function useFolder(): { readonly path: string } {
  // Made when it is first asked for: what is left out asks for nothing, and cleans up nothing.
  let path: string | undefined;
  afterAll(() => {
    if (path !== undefined) rmSync(path, { recursive: true, force: true });
  });
  return {
    get path() {
      path ??= mkdtempSync(join(tmpdir(), "skbook-test-"));
      return path;
    },
  };
}

export interface SourceCell {
  source: string;
  markdown?: boolean;
  tags?: string[];
}

export function writeNotebook(path: string, cells: (string | SourceCell)[]): string {
  const written = cells.map((cell, index) => {
    const { source, markdown, tags } = typeof cell === "string" ? ({ source: cell } as SourceCell) : cell;
    const common = { id: `c${index}`, metadata: tags === undefined ? {} : { tags }, source };
    return markdown
      ? { cell_type: "markdown", ...common }
      : { cell_type: "code", execution_count: null, outputs: [], ...common };
  });
  const metadata = {
    kernelspec: { name: "skbook", display_name: "skbook", language: "typescript" },
    language_info: { name: "typescript" },
  };
  writeFileSync(path, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells: written }));
  return path;
}

export interface WrittenNotebook {
  nbformat: number;
  nbformat_minor: number;
  metadata: Record<string, Record<string, unknown>>;
  cells: {
    id: string;
    cell_type: string;
    source: string[];
    execution_count: number | null;
    outputs: Content[];
  }[];
}

export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Runs the built command. */
export function skbook(args: string[], environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...environment } });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (text.stdout += chunk));
  child.stderr.on("data", (chunk) => (text.stderr += chunk));
  const done = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, ...text })),
  );
  return { child, done, text };
}
