import type { z } from "zod";
import type { Json } from "../../cases/index.js";
import { interrupted } from "../../cell/index.js";
import { ConcurrentTask } from "../../concurrent/index.js";
import { type ErrorFacts, SkbookError } from "../../errors/index.js";
import { type Host, withDetached } from "../../hosts/index.js";
import { watched } from "../../progress/index.js";
import type { Frame, Table } from "../../tables/index.js";
import type { Hooks } from "../hooks.js";
import type { Target } from "../target.js";
import { Account } from "./account.js";
import { budgetOf, busyCode, tooBusy } from "./budget.js";
import { collect } from "./collect.js";
import { cutShort } from "./cut-short.js";
import { hooksOf, limitsOf, type ProbeDefinition, type Shapes } from "./definition.js";
import { ProbeError } from "./error.js";
import { explain, type Listing } from "./explain.js";
import { failureOf } from "./failure.js";
import { type CommonParameters, type ParsedCommon, parseParameters } from "./parameters.js";
import { checkedTarget } from "./preflight.js";
import { provenanceOf } from "./provenance.js";
import { fingerprint, render } from "./render.js";
import { runProbe } from "./run.js";
import { standingOf } from "./standing.js";
import { withVerifierLog } from "./verifier.js";

/** How long the last events of what was done meanwhile are still on their way when it is over. */
const settleMs = 500;

/** A probe that can be called from a cell, with its definition beside it. */
export interface Probe<Parameters, Shape extends Shapes> {
  (host: Host, parameters: CommonParameters & Parameters): Promise<Shape extends "table" ? Table : Frame>;
  /**
   * The program that a call would run on a host, its hooks, what it would cost at most in memory of maps and in instructions; nothing is attached.
   * In a notebook it shows as a listing.
   */
  explain(host: Host, parameters: CommonParameters & Parameters): Promise<Listing>;
  readonly definition: ProbeDefinition<z.ZodType, Shape>;
}

/**
 * Makes a probe of a definition. A call checks its parameters, then whether the probe can run on the host, then runs it for `seconds` under a lease
 * and returns what it saw, with its losses.
 *
 * Errors of a call: `BAD_PARAMETER`, `ROOT_NEEDED`, `BPFTRACE_MISSING`, `TRACEFS_MISSING`, `BTF_MISSING`, `BTF_MISMATCH`, `FIELD_MISSING`, `LOCKDOWN`, `HOOK_MISSING`, `TOO_BUSY`
 * (nothing was attached); `PROBE_NOT_ATTACHED`, `VERIFIER_REFUSED`, `PROBE_FAILED`, `CONNECTION_LOST`, `LEASE_EXPIRED`, `DEADLINE` (a ProbeError whose `partial` has what
 * had arrived, null where the probe never ran); `DURING_FAILED`, `INTERRUPTED` (nothing is kept); `SESSION_REFUSED`, `COMMAND_NOT_STARTED`; in a replay `NOT_RECORDED`.
 */
export function makeProbe<Schema extends z.ZodType, Shape extends Shapes, Parameters>(
  definition: ProbeDefinition<Schema, Shape>,
): Probe<Parameters, Shape> {
  const hooks = hooksOf(definition);
  const call = async (host: Host, asked: CommonParameters & Parameters) => {
    const { common, own } = parseParameters(definition.name, definition.parameters, asked);
    const { seconds, during } = common;
    const title = `${definition.name} on ${host.name}`;
    const tried = `run ${title}`;
    const reading = { facts: [`reading what ${host.name}'s kernel has`] };
    const { target, run, budget } = await watched(
      title,
      () => reading,
      () => begin(definition, hooks, host, common, own),
    );
    const account = new Account(definition.books(own, target));
    const stop = () => run.stop(account.end === null);
    const concurrent = new ConcurrentTask(tried, during, { settleMs, stop });
    const standing = standingOf(account, common);
    const onAttached = () => {
      standing.attached();
      concurrent.begin();
    };
    const given = { target, parameters: own, account, onAttached };
    const collected = await watched(title, standing.read, () => collect(definition, run.bytes, given));
    try {
      const outcome = await run.outcome;
      const saying = (error: ErrorFacts) => withDetached(host.name, outcome, error);
      if (outcome.canceled) {
        throw new SkbookError(saying(interrupted(tried, { detached: outcome.detached })));
      }
      const { time, clocks, load, finish } = collected;
      if (outcome.exitCode === busyCode && load !== null && !account.ticked) {
        throw new SkbookError(saying(tooBusy(definition, host.name, budget, load)));
      }
      if (outcome.exitCode === 0) account.noteExit();
      const failed = failureOf(definition.name, host.name, outcome, {
        account,
        attachSeconds: common.attachSeconds,
      });
      const failure = failed && saying(await withVerifierLog(host, target, outcome, failed));
      if (failure === undefined) {
        await concurrent.over().catch((error) => {
          throw new SkbookError(saying(error));
        });
      }
      const notes = definition.notes?.(target, own, new Set(Object.keys(outcome.layout))) ?? [];
      const cut = cutShort(seconds, outcome, account, during !== undefined);
      const facts = {
        cut,
        recordingId: run.recordingId,
        host: host.name,
        seconds,
        clocks,
        notes,
        time,
        load,
      };
      const result = await finish(provenanceOf(definition.name, facts, outcome, account));
      if (failure !== undefined) throw new ProbeError(failure, account.ticked ? result : null);
      return result as never;
    } catch (error) {
      if (!(error instanceof ProbeError)) await collected.discard();
      throw error;
    }
  };
  return Object.assign(call, {
    definition,
    explain: (host: Host, asked: CommonParameters & Parameters) => explain(definition, hooks, host, asked),
  });
}

/** Looks whether a probe can run on a host, and begins its run there. */
async function begin<Schema extends z.ZodType, Shape extends Shapes>(
  definition: ProbeDefinition<Schema, Shape>,
  hooks: Hooks,
  host: Host,
  { seconds, bufferPages, attachSeconds, maxEventsPerSecond, force }: ParsedCommon,
  own: z.output<Schema>,
) {
  const { name, modules, mapKeys } = definition;
  // Only asked for at once; whoever needs it finds it, or hears why not.
  host.btf(modules && { modules }).catch(() => {});
  const of = definition.inProcess?.(own);
  const { target, hooks: resolved } = await checkedTarget(host, definition, hooks, of);
  const limited = limitsOf(definition, own, maxEventsPerSecond) !== null;
  const budget = { maxEventsPerSecond, force };
  const run = await runProbe(host, {
    probe: name,
    params: {
      ...(own as { [key: string]: Json }),
      seconds,
      bufferPages,
      ...(limited ? { maxEventsPerSecond } : {}),
      program: definition.revision ?? fingerprint(definition, own, target),
    },
    hooks: resolved,
    target,
    bufferPages,
    mapKeys,
    modules,
    onlyProcess: of === undefined || of.others ? undefined : of.process,
    seconds,
    deadlineSeconds: seconds + attachSeconds,
    render: (known: Target) => render(definition, own, { seconds, maxEventsPerSecond }, known),
    budget: limited ? budgetOf(definition, budget) : null,
    endsBySignal: limited || definition.endsAtOnce,
  });
  return { target, run, budget };
}
