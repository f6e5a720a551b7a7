import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { packageRoot } from "../../kernel/package.js";
import { type FieldLayout, type Layouts, parseBtf } from "../../lib/btf/index.js";
import { type KernelSnapshot, parseKernelSnapshot } from "../../lib/hosts/index.js";
import { sections } from "../../lib/hosts/sections.js";
import { type Hooks, resolveHooks } from "../../lib/probes/hooks.js";
import type { ProbeDefinition, Target } from "../../lib/probes/index.js";
import { MappedFile } from "../../lib/probes/library.js";
import { parseFormat, type Tracepoint } from "../../lib/probes/tracepoint.js";

/** The kernels that samples are written for; `no-btf` has none of its own, but somebody gave the file of 6.1. */
export const kernels = ["5.10", "6.1", "6.12", "no-btf"] as const;
export type SampleKernel = (typeof kernels)[number];

/** Whether samples are to be written anew. */
export const writes = process.env.SKBOOK_WRITE_SAMPLES === "1";

/**
 * A folder with one for each kernel, as `6.1`: `kernel.gz` (the recording of a host's kernel), `vmlinux` (its BTF) and `modules/` (theirs). Needed
 * where a program reads what the targets that stand beside the samples don't know.
 */
const kernelsFolder = process.env.SKBOOK_SAMPLE_KERNELS;

/** What of a kernel stands beside the samples of a folder of probes. */
export interface TargetFile {
  kernel: string;
  /** Of each probe, as its sample was written. */
  revisions: { [probe: string]: number };
  hooks: { [hook: string]: readonly string[] };
  tracepoints: {
    [hook: string]: { fields: { [name: string]: object }; symbols: { [number: string]: string } };
  };
  /** Where fields are; null for what that kernel doesn't have. */
  layouts: { [path: string]: FieldLayout | null };
  arguments: { [name: string]: number | null };
  /** Bytes of structs. */
  sizes?: { [struct: string]: number | null };
}

export class SampleFolder {
  readonly path: string;

  constructor(layer: string) {
    this.path = join(packageRoot, "probes", layer, "sample");
  }

  file(name: string): string {
    return join(this.path, name);
  }

  read(name: string): string | null {
    return existsSync(this.file(name)) ? readFileSync(this.file(name), "utf8") : null;
  }

  write(name: string, text: string): void {
    mkdirSync(join(this.path, "targets"), { recursive: true });
    writeFileSync(this.file(name), text);
  }

  target(kernel: string): TargetFile | null {
    const text = this.read(`targets/${kernel === "no-btf" ? "6.1" : kernel}.json`);
    return text === null ? null : JSON.parse(text);
  }

  writeTarget(kernel: string, target: TargetFile): void {
    this.write(`targets/${kernel === "no-btf" ? "6.1" : kernel}.json`, json(target));
  }
}

/** As the formatter of the repository has it: an object on one line where it is small. */
export function json(value: unknown, indent = "", reserved = 0): string {
  const inner = `${indent}  `;
  const flat = flatJson(value);
  const end = indent === "" ? "\n" : "";
  const fits = indent.length + reserved + flat.length <= 110;
  if (value === null || typeof value !== "object" || flat.length <= 2 || (Array.isArray(value) && fits))
    return flat + end;
  if (Array.isArray(value))
    return `[\n${value.map((one) => inner + json(one, inner, 1)).join(",\n")}\n${indent}]${end}`;
  const lines = Object.entries(value).map(([name, one]) => {
    const head = `${JSON.stringify(name)}: `;
    return inner + head + json(one, inner, head.length + 1);
  });
  return `{\n${lines.join(",\n")}\n${indent}}${end}`;
}

function flatJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(flatJson).join(", ")}]`;
  const all = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${flatJson(one)}`);
  return all.length === 0 ? "{}" : `{ ${all.join(", ")} }`;
}

/** The layouts that a target file has; what it doesn't know is asked of the kernel's BTF, where that is given, and kept. */
function layoutsOf(file: TargetFile, kernel: string): Layouts {
  const btf = lazily(() => btfOf(kernel));
  const known = <Value>(
    kept: { [name: string]: Value },
    name: string,
    ask: (of: Layouts) => Value,
  ): Value => {
    if (!(name in kept)) kept[name] = ask(btf());
    return kept[name] as Value;
  };
  return {
    field: (path) => known(file.layouts, path, (of) => of.field(path)),
    argument: (fn, name) => known(file.arguments, `${fn}.${name}`, (of) => of.argument(fn, name)),
    size: (struct) => {
      file.sizes ??= {};
      return known(file.sizes, struct, (of) => of.size(struct));
    },
    has: (struct) => btf().has(struct),
  };
}

function btfOf(kernel: string): Layouts {
  if (kernelsFolder === undefined)
    throw new Error(
      `the target of kernel ${kernel} beside the samples doesn't know all that the program reads: set SKBOOK_WRITE_SAMPLES=1 and SKBOOK_SAMPLE_KERNELS to a folder of kernels`,
    );
  const modules = join(kernelsFolder, kernel, "modules");
  const names = existsSync(modules) ? readdirSync(modules) : [];
  return parseBtf(
    readFileSync(join(kernelsFolder, kernel, "vmlinux")),
    Object.fromEntries(names.map((name) => [name, readFileSync(join(modules, name))])),
  );
}

function lazily<Value>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** The library that uprobes of samples are in: that of a process of no host. */
const library = new MappedFile(4_242, 0x7f00_0000_0000n, 0x7f00_0020_0000n, false);
const noKernel: KernelSnapshot = { formats: new Map(), functions: new Map(), config: new Map() } as never;

/** What a target file has to say of a probe's hooks; of the kernel's, asked of its snapshot where that is given. */
export function learnHooks(file: TargetFile, kernel: string, hooks: Hooks): void {
  const any = { kernel, hasKprobes: true, hasUprobes: true, snapshot: noKernel, library };
  for (const [hook, places] of resolveHooks(hooks, any).found) file.hooks[hook] = places;
  if (kernelsFolder !== undefined)
    learnFrom(readFileSync(join(kernelsFolder, kernel, "kernel.gz")), file, kernel, hooks);
}

function learnFrom(recorded: Buffer, file: TargetFile, kernel: string, hooks: Hooks): void {
  let bytes = recorded;
  while (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = gunzipSync(bytes);
  const snapshot = parseKernelSnapshot(sections(bytes.toString()));
  const { found } = resolveHooks(hooks, {
    ...{ kernel, hasKprobes: true, hasUprobes: true, snapshot, library },
  });
  for (const [hook, places] of found) {
    file.hooks[hook] = places;
    const format = snapshot.formats.get(hook.slice("tracepoint:".length));
    if (hook.startsWith("tracepoint:") && format !== undefined)
      file.tracepoints[hook] = written(parseFormat(format));
  }
}

/** A folder of `record()`, whose runs become recordings of samples. */
const caseFolder = process.env.SKBOOK_SAMPLE_CASE;

/** What a case has of a probe's run becomes the recording of its sample. */
export function takeRecording(folder: SampleFolder, { name, hooks }: ProbeDefinition): void {
  if (caseFolder === undefined) return;
  const entries = readFileSync(join(caseFolder, "journal.log"), "utf8")
    .split("\n")
    .filter((line) => line.includes("{"))
    .map((line) => JSON.parse(line.slice(line.indexOf("{"))) as Entry);
  const payload = ({ id }: Entry) => gunzipSync(readFileSync(join(caseFolder, "recordings", `${id}.gz`)));
  const run = entries.findLast(({ request }) => request.kind === "probe" && request.name === name);
  const kernel = entries.find(({ request }) => request.name === "kernel");
  const host = entries.find(({ request }) => request.name === "host");
  if (run === undefined || kernel === undefined || host === undefined) return;
  const { program: _, ...given } = run.request.params;
  folder.write(`${name}.recording.txt`, `// ${JSON.stringify(given)}\n${payload(run)}`);
  const release = sections(payload(host).toString()).kernel ?? "";
  const file = folder.target("recording") ?? emptyTarget(release.split(".").slice(0, 2).join("."));
  learnFrom(payload(kernel), file, file.kernel, hooks);
  folder.writeTarget("recording", file);
}

interface Entry {
  id: string;
  request: { kind: string; name: string; params: { [name: string]: unknown } };
}

export function emptyTarget(kernel: string): TargetFile {
  return { kernel, revisions: {}, hooks: {}, tracepoints: {}, layouts: {}, arguments: {} };
}

function written({ fields, symbols }: Tracepoint): TargetFile["tracepoints"][string] {
  return { fields: Object.fromEntries(fields), symbols: Object.fromEntries(symbols) };
}

/** A host that a sample is written for. */
export function sampleTarget(
  file: TargetFile,
  kernel: SampleKernel | "recording",
  hooks: readonly string[],
): Target {
  const here = hooks.filter((hook) => file.hooks[hook] !== undefined);
  const tracepoints = here.flatMap((hook) => {
    const { fields, symbols } = file.tracepoints[hook] ?? { fields: {}, symbols: {} };
    const numbers = Object.entries(symbols).map(([number, name]) => [Number(number), name] as const);
    const tracepoint = { fields: new Map(Object.entries(fields)), symbols: new Map(numbers) } as Tracepoint;
    return hook.startsWith("tracepoint:") ? [[hook, tracepoint] as const] : [];
  });
  return {
    host: "sample",
    snapshot: { kernel: `${file.kernel}.0` },
    hooks: new Map(here.map((hook) => [hook, file.hooks[hook] ?? []])),
    tracepoints: new Map(tracepoints),
    layouts: layoutsOf(file, kernel === "no-btf" ? "6.1" : kernel),
    layoutNotes: [],
    typedArguments: kernel !== "no-btf",
  };
}
