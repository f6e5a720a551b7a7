import { recordedRun, replaying } from "../cases/index.js";
import { callSignal, interrupted } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import type { GivenBtf } from "./btf/given.js";
import type { HostBtf } from "./btf/host-btf.js";
import { BtfSource } from "./btf/source.js";
import { readText } from "./bytes.js";
import { detachedNotes, withDetached } from "./detached.js";
import { execEnd } from "./exec-end.js";
import { LeasedExecution } from "./execution.js";
import { hideAllBut } from "./hidden.js";
import type { ExecOptions, ExecResult, Execution, Host, StartOptions } from "./host.js";
import type { KernelSnapshot } from "./kernel.js";
import { OncePerCase } from "./once-per-case.js";
import type { Snapshot } from "./sections.js";
import { takeSnapshot } from "./snapshot.js";
import { type AskPassword, asUser, type Elevation, elevate } from "./sudo.js";
import { takeKernelSnapshot } from "./take-kernel-snapshot.js";
import { exchangeTimes, type TimeExchange } from "./time-exchange.js";
import type { Transport } from "./transport.js";
import { within } from "./wait.js";

const defaultMaxBytes = 64 * 2 ** 20;
/** Long enough for three questions to the host, and for a person to answer one. */
const rootSeconds = 120;

/** A host over any transport. */
export class ConnectedHost implements Host {
  private elevation: Promise<Elevation> | undefined;
  private readonly snapshots: OncePerCase<Snapshot>;
  private readonly kernels = new OncePerCase(() => takeKernelSnapshot(this));
  private readonly types: BtfSource;

  constructor(
    readonly name: string,
    private readonly transport: Transport,
    private readonly askPassword?: AskPassword,
    given?: GivenBtf,
  ) {
    this.types = new BtfSource(this, given);
    this.snapshots = new OncePerCase(() => takeSnapshot(this, given !== undefined));
    hideAllBut(this, ["name"]);
  }

  start(command: readonly string[], options: StartOptions = {}): Execution {
    const signal = callSignal(options.signal);
    const elevation = options.root ? this.becomeRoot(signal) : Promise.resolve(asUser);
    return new LeasedExecution(this.name, this.transport, elevation, command, {
      ...options,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async exec(command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const request = {
      kind: "exec" as const,
      name: command[0] ?? "",
      host: this.name,
      params: { command: [...command], root: options.root ?? false },
    };
    const tried = `run ${command[0]} on ${this.name}`;
    const run = await recordedRun(request, execEnd, () => {
      const execution = this.start(command, { ...options, session: "exec" });
      return { bytes: execution, outcome: execution.ended };
    });
    const stdout = await readText(run.bytes, options.maxBytes ?? defaultMaxBytes, tried);
    const end = await run.outcome;
    const result = { ...end, stdout, notes: detachedNotes(this.name, end) };
    if (result.leaseExpired) throw new SkbookError(withDetached(this.name, end, leaseExpired(tried)));
    if (result.canceled)
      throw new SkbookError(withDetached(this.name, end, interrupted(tried, { ...result })));
    return result;
  }

  snapshot(): Promise<Snapshot> {
    return this.snapshots.get();
  }

  kernel(): Promise<KernelSnapshot> {
    return this.kernels.get();
  }

  async btf({ modules = [] }: { modules?: readonly string[] } = {}): Promise<HostBtf | null> {
    return this.transport.recorded || (await replaying()) ? null : this.types.get(modules);
  }

  forget(): void {
    this.snapshots.forget();
    this.kernels.forget();
    this.types.forget();
    this.elevation = undefined;
  }

  exchangeTimes(count: number): Promise<TimeExchange[]> {
    return exchangeTimes(this.name, this.transport, count);
  }

  async canBeRoot(): Promise<boolean> {
    const signal = callSignal();
    const tried = `become root on ${this.name}`;
    return within(this.becomeRoot(signal), tried, { seconds: rootSeconds, signal }).then(
      () => true,
      (error) => {
        if (signal?.aborted) throw interrupted(tried);
        if (error instanceof SkbookError && error.code === "ROOT_NEEDED") return false;
        throw error;
      },
    );
  }

  async close(): Promise<void> {
    await this.transport.close();
  }

  /** Asked once, whoever waits for it; who is interrupted meanwhile lets it be asked again, since it may hang. */
  private becomeRoot(signal: AbortSignal | undefined): Promise<Elevation> {
    if (this.elevation !== undefined) return this.elevation;
    const asked = elevate(this.name, this.transport, this.askPassword);
    const forget = () => {
      if (this.elevation === asked) this.elevation = undefined;
    };
    this.elevation = asked;
    signal?.addEventListener("abort", forget, { once: true });
    asked.catch(forget).finally(() => signal?.removeEventListener("abort", forget));
    return asked;
  }
}

function leaseExpired(tried: string): SkbookError {
  return new SkbookError({
    code: "LEASE_EXPIRED",
    tried,
    failed: "the notebook's process was too busy to renew the lease for 4 s, so the host killed the command",
    todo: "don't compute for seconds without an await while a command runs; let DuckDB's SQL do it",
  });
}
