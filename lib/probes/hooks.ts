/** What a probe attaches to. */
export interface Hooks {
  /** Without one of these the probe means nothing. */
  required?: readonly string[];
  /** Without one of these a part of the answer is missing; the result says so. */
  optional?: readonly string[];
  /** Alternatives by kernel: of each group, the first that exists is taken. */
  oneOf?: readonly (readonly string[])[];
}

/** Which of the wanted hooks the host has; those the program attaches to, and its first tick proves that it did. */
export interface ResolvedHooks {
  wanted: string[];
  attached: string[];
  /** In words: what is missing and can't be done without. */
  missing: string[];
}

export function allHooks(hooks: Hooks): string[] {
  return [...new Set([...(hooks.required ?? []), ...(hooks.optional ?? []), ...(hooks.oneOf ?? []).flat()])];
}

export function resolveHooks(hooks: Hooks, existing: ReadonlySet<string>): ResolvedHooks {
  const has = (hook: string) => existing.has(hook);
  const chosen = (hooks.oneOf ?? []).map((group) => group.find(has));
  const fixed = [...(hooks.required ?? []), ...(hooks.optional ?? [])];
  return {
    wanted: [...fixed, ...(hooks.oneOf ?? []).map((group) => group.join(" or "))],
    attached: [...fixed.filter(has), ...chosen.filter((hook) => hook !== undefined)],
    missing: [
      ...(hooks.required ?? []).filter((hook) => !has(hook)),
      ...(hooks.oneOf ?? [])
        .filter((_, index) => chosen[index] === undefined)
        .map((group) => group.join(" or ")),
    ],
  };
}
