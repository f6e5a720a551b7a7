import type { z } from "zod";
import type { ExecResult, Host } from "../../hosts/index.js";
import type { Hooks } from "../hooks.js";
import type { ProbeDefinition } from "./definition.js";
import { type ClauseSize, clauseSizes } from "./elf.js";
import { knownTarget } from "./known-target.js";
import { Listing } from "./listing.js";
import { memoryOf } from "./memory.js";
import { parseParameters } from "./parameters.js";
import { checkedTarget } from "./preflight.js";
import { render } from "./render.js";
import { bpftraceCommand, maxMapKeys } from "./run.js";
import { expected } from "./standing.js";

export { Listing } from "./listing.js";

/** How many CPUs there can be; then an object file, which bpftrace can't write to a pipe, and nothing is loaded for. */
const script =
  'cat /sys/devices/system/cpu/possible; echo; file=$(mktemp) || exit; trap \'rm -f "$file"\' EXIT; "$@" --emit-elf "$file" >&2 </dev/null && base64 "$file"';

/** Writes a probe's program for a host, and says what it would cost there. */
export async function explain<Schema extends z.ZodType>(
  definition: ProbeDefinition<Schema>,
  hooks: Hooks,
  host: Host,
  asked: unknown,
): Promise<Listing> {
  const { common, own } = parseParameters(definition.name, definition.parameters, asked);
  const of = definition.inProcess?.(own);
  const { target, hooks: resolved } = await checkedTarget(host, definition, hooks, of);
  const known = await knownTarget(host, target, definition.modules);
  const { program, text, layout } = render(definition, own, common, known);
  const { bufferPages } = common;
  const command = [...bpftraceCommand(host, known, { bufferPages, mapKeys: definition.mapKeys }), "-e", text];
  const compiled = await host.exec(["sh", "-c", script, "skbook", ...command], {
    root: true,
    deadlineSeconds: 300,
  });
  const [cpus = "", file = ""] = compiled.stdout.split("\n\n");
  const instructions = sizesOf(file);
  return new Listing({
    probe: definition.name,
    host: host.name,
    program: text,
    attached: [...resolved.found.values()].flat(),
    missing: resolved.missing.map(({ why }) => why),
    layout: Object.fromEntries([...layout].map(([field, { offset }]) => [field, offset])),
    maps: memoryOf(program, definition.mapKeys ?? maxMapKeys, cpuCount(cpus)),
    instructions,
    takes: expected(common.seconds, common.attachSeconds),
    notes: [...known.layoutNotes, ...(instructions === null ? notCompiled(compiled) : [])],
  });
}

/** Why there is no object file: the program may not compile there, or its temporary folder have no room. */
function notCompiled({ exitCode, stderr }: ExecResult): string[] {
  const said = stderr.trim().split("\n").at(-1) || `it ended with ${exitCode}`;
  return [`the instructions are unknown: ${said}`];
}

function sizesOf(base64: string): ClauseSize[] | null {
  return clauseSizes(Buffer.from(base64, "base64"));
}

/** `0-3,8-11`: the highest number, and one. */
function cpuCount(possible: string): number {
  const highest = /(\d+)\s*$/.exec(possible)?.[1];
  return highest === undefined ? 1 : Number(highest) + 1;
}
