import { createHash } from "node:crypto";
import type { z } from "zod";
import type { FieldLayout, Layouts } from "../../btf/index.js";
import { Site } from "../site.js";
import type { Target } from "../target.js";
import { type Bpf, textOf } from "../text/bpf.js";
import { typed } from "../text/typed.js";
import { limitsOf, type ProbeDefinition } from "./definition.js";
import { countedDown, wholeProgram } from "./lifecycle.js";
import { typesVariables } from "./version.js";

/** A program as it is written for one host. */
export interface Rendered {
  program: Bpf;
  text: string;
  /** Fields of the kernel's structs that it reads, with their places there. */
  layout: ReadonlyMap<string, FieldLayout>;
}

/** Writes a probe's program for a host. */
export function render<Schema extends z.ZodType>(
  definition: ProbeDefinition<Schema>,
  parameters: z.output<Schema>,
  { seconds, maxEventsPerSecond }: { seconds: number; maxEventsPerSecond: number },
  target: Target,
): Rendered {
  const site = new Site(target);
  const lifecycle = {
    seconds,
    rows: limitsOf(definition, parameters, maxEventsPerSecond),
    endsAtOnce: definition.endsAtOnce,
    eachTick: definition.eachTick,
  };
  const program = wholeProgram(definition.write(parameters, site), lifecycle, site);
  const text = `${textOf(program)}\n`;
  return {
    program,
    text: typesVariables(target.snapshot) ? typed(text, countedDown) : text,
    layout: site.used,
  };
}

/** Every struct is there, and every field at its beginning. */
const anyLayout: Layouts = {
  field: () => ({ offset: 0, size: 8, signed: false, kind: "integer", bitfield: null }),
  size: () => 8,
  has: () => true,
  argument: () => 0,
};

/** A number for what a probe without a revision does, whatever the host: another program has another one. */
export function fingerprint<Schema extends z.ZodType>(
  definition: ProbeDefinition<Schema>,
  parameters: z.output<Schema>,
  target: Target,
): string {
  const site = new Site({ ...target, layouts: anyLayout });
  return createHash("sha256")
    .update(textOf(definition.write(parameters, site)))
    .digest("hex");
}
