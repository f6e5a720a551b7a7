import type { FieldLayout, Layouts } from "../../lib/btf/index.js";
import { type Hooks, hookNames } from "../../lib/probes/hooks.js";
import type { Target } from "../../lib/probes/index.js";
import type { Tracepoint, TracepointField } from "../../lib/probes/tracepoint.js";

const anyField: FieldLayout = { offset: 8, size: 8, signed: false, kind: "integer", bitfield: null };
const anyRecordField: TracepointField = { offset: 8, size: 8, signed: false, dynamic: false };

/** Structs that have every field, or those that are named only. */
export function layoutsOf(fields?: { readonly [field: string]: Partial<FieldLayout> }): Layouts {
  return {
    field: (path) =>
      fields === undefined ? anyField : path in fields ? { ...anyField, ...fields[path] } : null,
    size: () => 8,
    has: () => true,
    argument: () => 0,
  };
}

/** A tracepoint that has every field, or those that are named only. */
export function tracepointOf(
  fields?: readonly string[],
  symbols: readonly (readonly [number, string])[] = [[2, "NOT_SPECIFIED"]],
): Tracepoint {
  const named = new Map(fields?.map((name) => [name, anyRecordField] as const));
  const any = new Map<string, TracepointField>();
  any.get = () => anyRecordField;
  any.has = () => true;
  return { fields: fields === undefined ? any : named, symbols: new Map(symbols) };
}

/** A host that has all hooks of a probe. */
export function targetOf(hooks: Hooks, different: Partial<Target> = {}): Target {
  const names = [...hookNames(hooks), "tracepoint:signal:signal_generate"];
  return {
    host: "lab",
    snapshot: { kernel: "6.1.0" },
    hooks: new Map(names.map((name) => [name, [name]])),
    tracepoints: new Map(names.map((name) => [name, tracepointOf()])),
    layouts: layoutsOf(),
    layoutNotes: [],
    typedArguments: true,
    ...different,
  };
}
