import { canonical } from "./canonical.js";
import type { Recording } from "./entry.js";
import type { Json, RunRequest } from "./request.js";

/** Says how a request that has no recording differs from the recorded one that is nearest to it. */
export function nearest(request: RunRequest, recordings: readonly Recording[]): string {
  const same = recordings.filter(({ kind, name }) => kind === request.kind && name === request.name);
  if (same.length === 0) {
    const names = [...new Set(recordings.map(({ name }) => name))];
    return `no run of ${request.name} was recorded; recorded are: ${names.join(", ") || "none"}`;
  }
  const here = same.filter(({ host }) => host === request.host);
  if (here.length === 0) {
    const hosts = [...new Set(same.map(({ host }) => host))];
    return `${request.name} was recorded on ${hosts.join(", ")}, not on ${request.host}`;
  }
  const differences = here
    .map(({ id, params }) => ({ id, lines: differingParameters(params, request.params) }))
    .sort((a, b) => a.lines.length - b.lines.length)[0];
  return `${request.name} was recorded with other parameters (${differences?.id}): ${differences?.lines.join("; ")}`;
}

function differingParameters(recorded: RunRequest["params"], asked: RunRequest["params"]): string[] {
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(asked)])].sort();
  return names
    .filter((name) => text(recorded[name]) !== text(asked[name]))
    .map((name) => `${name} was ${text(recorded[name])}, asked is ${text(asked[name])}`);
}

function text(value: Json | undefined): string {
  if (value === undefined) return "not given";
  const json = canonical(value);
  return json.length > 200 ? `${json.slice(0, 200)}…` : json;
}
