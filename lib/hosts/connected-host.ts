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
import { SharedWork } from "./shared-work.js";
import { takeSnapshot } from "./snapshot.js";
import { type AskPassword, asUser, type Elevation, elevate } from "./sudo.js";
import { takeKernelSnapshot } from "./take-kernel-snapshot.js";
import { exchangeTimes, type TimeExchange } from "./time-exchange.js";
import type { Transport } from "./transport.js";

const defaultMaxBytes = 64 * 2 ** 20;
/** Long enough for three questions to the host, and for a person to answer one. */
const rootSeconds = 120;

/** What connect() was given for a host. */
interface HostOptions {
  askPassword?: AskPassword | undefined;
  given?: GivenBtf | undefined;
  bpftrace?: string | undefined;
}

/** A host over any transport. */
export class ConnectedHost implements Host {
  readonly bpftrace: string;
  private readonly root: SharedWork<Elevation>;
  private readonly snapshots: OncePerCase<Snapshot>;
  private readonly kernels = new OncePerCase(() => takeKernelSnapshot(this));
  private readonly types: BtfSource;

  constructor(
    readonly name: string,
    private readonly transport: Transport,
    { askPassword, given, bpftrace }: HostOptions = {},
  ) {
    this.bpftrace = bpftrace ?? "bpftrace";
    this.root = new SharedWork((signal) => elevate(name, transport, signal, askPassword));
    this.types = new BtfSource(this, given);
    this.snapshots = new OncePerCase(() => takeSnapshot(this, { btfGiven: given !== undefined, bpftrace }));
    hideAllBut(this, ["name"]);
  }

  start(command: readonly string[], options: StartOptions = {}): Execution {
    const signal = callSignal(options.signal);
    const elevation: typeof this.root.get = (tried, patience) =>
      options.root ? this.root.get(tried, patience) : Promise.resolve(asUser);
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
    this.root.forget();
  }

  exchangeTimes(count: number): Promise<TimeExchange[]> {
    return exchangeTimes(this.name, this.transport, count);
  }

  async canBeRoot(): Promise<boolean> {
    const signal = callSignal();
    const tried = `become root on ${this.name}`;
    return this.root.get(tried, { seconds: rootSeconds, signal }).then(
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
}

function leaseExpired(tried: string): SkbookError {
  return new SkbookError({
    code: "LEASE_EXPIRED",
    tried,
    failed: "the notebook's process was too busy to renew the lease for 4 s, so the host killed the command",
    todo: "don't compute for seconds without an await while a command runs; let DuckDB's SQL do it",
  });
}
