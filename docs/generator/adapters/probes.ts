import { z } from "zod";
import type { Column } from "../../../lib/index.js";
import type { ProbeDefinition } from "../../../lib/probes/index.js";
import { catalogue } from "../../../probes/catalogue.js";

/** What the reference says of a probe, however its definition is written. */
export interface ProbeFacts {
  name: string;
  /** What a call returns. */
  shape: "table" | "frame";
  measures: string;
  parameters: Parameter[];
  /** Of a call without options, then those that come on top with an option. */
  columns: { when: string | null; columns: readonly Column[] }[];
  /** Hooks by how they are needed: `required`, `optional`, ... */
  hooks: { need: string; hooks: string[] }[];
  /** Codes of errors beside those of every probe; null where the definition doesn't say. */
  errors: string[] | null;
}

export interface Parameter {
  name: string;
  /** What it takes, in words: `integer, 1 to 65,535`. */
  takes: string;
  /** The same as TypeScript: `number`. */
  type: string;
  required: boolean;
  default: string | null;
  /** null where the definition doesn't say: a test refuses it. */
  meaning: string | null;
}

type Definition = ProbeDefinition<z.ZodType, "table" | "frame">;

/** What some probes can't do without. */
const path = { from: "eth0", to: "eth1", protocol: "ICMP", src: "192.0.2.1", dst: "198.51.100.1" };
const needed: Record<string, object> = {
  gapEvents: { devices: "eth0" },
  gapSummary: { devices: "eth0" },
  lockSummary: { process: 4_242 },
  pathEvents: path,
  pathSummary: path,
  stageSummary: { from: "eth0", to: "eth1" },
  stageTrace: { from: "eth0", to: "eth1" },
};

/** Options that add columns. */
const options: Record<string, Record<string, unknown>[]> = {
  dropEvents: [{ headers: true }, { ovs: true }],
  upcallEvents: [{ requests: true }],
  dropSummary: [{ by: ["flow"] }, { by: ["stack"] }],
};

/** All probes that come with skbook. */
export function readProbes(): Map<string, ProbeFacts> {
  const definitions = (catalogue as unknown as { definition: Definition }[]).map(
    ({ definition }) => definition,
  );
  return new Map(definitions.map((definition) => [definition.name, factsOf(definition)]));
}

function factsOf(definition: Definition): ProbeFacts {
  const { name, shape, measures, hooks } = definition;
  const columnsWith = (more: object) =>
    definition.columns(definition.parameters.parse({ ...needed[name], ...more }));
  const usual = columnsWith({});
  const added = (options[name] ?? []).map((option) => ({
    when: Object.entries(option)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
      .join(", "),
    columns: columnsWith(option).filter((column) => usual.every((other) => other.name !== column.name)),
  }));
  return {
    name,
    shape,
    measures,
    parameters: parametersOf(definition.parameters),
    columns: [{ when: null, columns: usual }, ...added],
    hooks: [
      { need: "required", hooks: wordsOf(hooks.required) },
      { need: "optional", hooks: wordsOf(hooks.optional) },
      { need: "where loaded", hooks: wordsOf(hooks.whereLoaded) },
      ...(hooks.oneOf ?? []).map((group) => ({ need: "one of", hooks: wordsOf(group) })),
    ].filter((group) => group.hooks.length > 0),
    errors: null,
  };
}

function wordsOf(hooks: Definition["hooks"]["required"] = []): string[] {
  return hooks.map((hook) => (typeof hook === "string" ? hook : `${hook.hook} with ${hook.field}`));
}

interface JsonSchema {
  type?: string;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  const?: unknown;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  default?: unknown;
  description?: string;
}

function parametersOf(schema: z.ZodType): Parameter[] {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  return Object.entries(json.properties ?? {}).map(([name, property]) => ({
    name,
    takes: takes(property),
    type: typeOf(property),
    required: json.required?.includes(name) ?? false,
    default: property.default === undefined ? null : JSON.stringify(property.default),
    meaning: property.description ?? null,
  }));
}

/** What a schema is any of, whatever stands within what. */
function alternatives(schema: JsonSchema): JsonSchema[] {
  return schema.anyOf?.flatMap(alternatives) ?? [schema];
}

/** What a schema takes, in words. */
function takes(schema: JsonSchema): string {
  const all = alternatives(schema);
  if (all.length > 1) return [...new Set(all.map(takes))].join(", or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  if (schema.type === "array")
    return `list of ${takes(schema.items ?? {})}${range(schema.minItems, schema.maxItems)}`;
  const name = schema.type === "string" ? "text" : (schema.type ?? "anything");
  return `${name}${range(schema.minimum, schema.maximum)}`;
}

/** What a schema takes, as TypeScript. */
function typeOf(schema: JsonSchema): string {
  const all = alternatives(schema);
  if (all.length > 1) return [...new Set(all.map(typeOf))].join(" | ");
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.type === "array") {
    const item = typeOf(schema.items ?? {});
    return item.includes(" | ") ? `(${item})[]` : `${item}[]`;
  }
  return schema.type === "integer" ? "number" : (schema.type ?? "unknown");
}

function range(low?: number, high?: number): string {
  const limit = high === Number.MAX_SAFE_INTEGER ? undefined : high;
  const said = (value: number) => value.toLocaleString("en-US");
  if (low === undefined) return limit === undefined ? "" : `, at most ${said(limit)}`;
  return limit === undefined ? `, at least ${said(low)}` : `, ${said(low)} to ${said(limit)}`;
}
