import { createHash } from "node:crypto";
import type { z } from "zod";
import type { Json } from "../cases/index.js";
import { interrupted } from "../cell/index.js";
import { ConcurrentTask as Company } from "../concurrent/index.js";
import { type ErrorFacts, SkbookError } from "../errors/index.js";
import { type Host, readClocks, withDetached } from "../hosts/index.js";
import { watched } from "../progress/index.js";
import type { Frame, Table } from "../tables/index.js";
import { Account } from "./account.js";
import { endHook } from "./bpftrace/ending.js";
import { withSignsOfLife } from "./bpftrace/signs-of-life.js";
import { checkBudget } from "./budget.js";
import { collect } from "./collect.js";
import type { ProbeDefinition } from "./definition.js";
import { ProbeError } from "./error.js";
import { failureOf } from "./failure.js";
import type { Hooks } from "./hooks.js";
import { type CommonParameters, parseParameters } from "./parameters.js";
import { preflight, refuseUnless } from "./preflight.js";
import { provenanceOf } from "./provenance.js";
import { runProbe } from "./run.js";
import { standingOf } from "./standing.js";
import { symbolNotes } from "./symbols.js";
import { readTarget } from "./target.js";
import { withVerifierLog } from "./verifier.js";

/** How long the last events of what was done meanwhile are still on their way when it is over. */
const settleMs = 500;

/** What a schema takes. zod's type of an object without keys forbids every key, the common ones too. */
type Input<Schema extends z.ZodType> = string extends keyof z.input<Schema> ? unknown : z.input<Schema>;

/** A probe's hooks with the one that tells it of its end. */
const withEnd = (hooks: Hooks): Hooks => ({ ...hooks, optional: [...(hooks.optional ?? []), endHook] });

/** A probe that can be called from a cell, with its definition beside it. */
export interface Probe<Parameters, Shape extends "table" | "frame"> {
  (host: Host, parameters: CommonParameters & Parameters): Promise<Shape extends "table" ? Table : Frame>;
  readonly definition: ProbeDefinition<z.ZodType, Shape>;
}

/**
 * Makes a probe of a definition; works in a cell for a probe of your own. A call checks its parameters, then whether the probe can
 * run on the host, then runs it for `seconds` under a lease and returns what it saw, with its losses.
 *
 * Errors of a call: `BAD_PARAMETER`, `ROOT_NEEDED`, `BPFTRACE_MISSING`, `TRACEFS_MISSING`, `BTF_MISSING`, `LOCKDOWN`, `HOOK_MISSING`, `TOO_BUSY` (nothing was attached);
 * `PROBE_NOT_ATTACHED`, `VERIFIER_REFUSED`, `PROBE_FAILED`, `CONNECTION_LOST`, `LEASE_EXPIRED`, `DEADLINE` (a ProbeError whose `partial` has what had arrived, null where the
 * probe never ran); `DURING_FAILED`, `INTERRUPTED` (nothing is kept); `SESSION_REFUSED`, `COMMAND_NOT_STARTED`; in a replay `NOT_RECORDED`.
 */
export function defineProbe<Schema extends z.ZodType, Shape extends "table" | "frame">(
  definition: ProbeDefinition<Schema, Shape>,
): Probe<Input<Schema>, Shape> {
  const call = async (host: Host, asked: CommonParameters & Input<Schema>) => {
    const { common, own } = parseParameters(definition.name, definition.parameters, asked);
    const { seconds, bufferPages, attachSeconds, maxEventsPerSecond, force, during } = common;
    const limit = definition.shape === "table" ? maxEventsPerSecond : null;
    const { target, hooks } = await readTarget(host, withEnd(definition.hooks), definition.structs?.(own));
    refuseUnless(preflight(target, hooks), definition.name, host);
    const program = withSignsOfLife(definition.program(own, target), seconds, limit, target);
    const params = {
      ...(own as { [key: string]: Json }),
      seconds,
      bufferPages,
      ...(limit === null ? {} : { maxEventsPerSecond: limit }),
      program: definition.revision ?? createHash("sha256").update(program).digest("hex"),
    };
    const load =
      limit === null
        ? null
        : await checkBudget(host, definition, { maxEventsPerSecond: limit, force }, params);
    const start = await readClocks(host, `${definition.name} start`, params);
    const deadlineSeconds = seconds + attachSeconds;
    const run = await runProbe(host, {
      probe: definition.name,
      program,
      params,
      hooks,
      target,
      bufferPages,
      ...(definition.mapKeys === undefined ? {} : { mapKeys: definition.mapKeys }),
      seconds,
      deadlineSeconds,
    });
    const tried = `run ${definition.name} on ${host.name}`;
    const company = new Company(tried, during, { settleMs, stop: run.stop });
    const account = new Account(definition.countMap, program);
    const standing = standingOf(account, seconds);
    const onAttached = () => {
      standing.attached();
      company.begin();
    };
    const given = { target, parameters: own, account, start, onAttached };
    const { time, finish, discard } = await watched(`${definition.name} on ${host.name}`, standing.read, () =>
      collect(definition, run.bytes, given),
    );
    try {
      const outcome = await run.outcome;
      const saying = (error: ErrorFacts) => withDetached(host.name, outcome, error);
      if (outcome.canceled) {
        throw new SkbookError(saying(interrupted(tried, { detached: outcome.detached })));
      }
      const failed = failureOf(definition.name, host.name, outcome, account);
      const failure = failed && saying(await withVerifierLog(host, target, program, outcome, failed));
      if (failure === undefined) {
        await company.over().catch((error) => {
          throw new SkbookError(saying(error));
        });
      }
      const end = outcome.connectionLost ? null : await readClocks(host, `${definition.name} end`, params);
      const notes = [...symbolNotes(program, target), ...(definition.notes?.(target, own) ?? [])];
      const facts = {
        recordingId: run.recordingId,
        host: host.name,
        clocks: { start, end },
        notes,
        time,
        load,
      };
      const result = await finish(provenanceOf(definition.name, facts, outcome, account));
      if (failure !== undefined) throw new ProbeError(failure, account.ticked ? result : null);
      return result as never;
    } catch (error) {
      if (!(error instanceof ProbeError)) await discard();
      throw error;
    }
  };
  return Object.assign(call, { definition });
}
