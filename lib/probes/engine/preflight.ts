import { SkbookError } from "../../errors/index.js";
import type { Host, Snapshot } from "../../hosts/index.js";
import type { Hooks, ResolvedHooks } from "../hooks.js";
import type { OfProcess } from "../library.js";
import { datapathTypes, readTarget, type Target } from "../target.js";
import { hooksOf, type ProbeDefinition, type ProbeFacts } from "./definition.js";
import {
  isNewEnough,
  oldestForOneProcess,
  oldestVersion,
  saysVersion,
  typesVariables,
  versionSaid,
} from "./version.js";

/** One thing that a probe needs of a host. */
export interface Check {
  check: string;
  ok: boolean;
  /** What was found. */
  detail: string;
  /** How to get it; empty when it is there. */
  todo: string;
  /** The error's code when this is what fails. */
  code: string;
}

const bigEndian = new Set(["s390x", "s390", "ppc64", "ppc", "mips", "mips64", "sparc64"]);

/** Looks whether a probe can run on a host, before anything is attached. */
export function preflight(
  target: Target,
  hooks: ResolvedHooks,
  { datapath, inProcess }: Pick<Wanted, "datapath" | "inProcess">,
  of?: OfProcess,
): Check[] {
  const { snapshot } = target;
  const root = snapshot.uid === "0";
  const needed = hooks.missing.filter(({ optional }) => !optional);
  const withTracepoints = [...hooks.found.keys()].some((hook) => hook.startsWith("tracepoint:"));
  const checks: Check[] = [
    {
      check: "root",
      ok: root,
      detail: root
        ? "commands run as root"
        : "the user is not root, and sudo lets it become root by no known way",
      todo: "connect as root, allow sudo without a password, or give sudoPassword to connect(); for localhost() start the notebook as root",
      code: "ROOT_NEEDED",
    },
    bpftraceCheck(snapshot),
    {
      check: "tracing",
      ok: (snapshot.tracing ?? "") !== "",
      detail: snapshot.tracing || "neither /sys/kernel/tracing nor /sys/kernel/debug/tracing is mounted",
      todo: "mount it on the host: mount -t tracefs tracefs /sys/kernel/tracing; mount -t debugfs debugfs /sys/kernel/debug",
      code: "TRACEFS_MISSING",
    },
    {
      check: "btf",
      ok: (snapshot.btf ?? "") !== "" || snapshot["btf.given"] === "yes",
      detail:
        snapshot["btf.given"] === "yes"
          ? "from a file that was given to connect()"
          : snapshot.btf || "the kernel has no BTF: where its structs have their fields is unknown",
      todo: "boot a kernel with CONFIG_DEBUG_INFO_BTF, or give a file of its BTF: connect(host, { btf })",
      code: "BTF_MISSING",
    },
    {
      check: "byte order",
      ok: !bigEndian.has(snapshot.machine ?? ""),
      detail: `the machine is ${snapshot.machine}`,
      todo: "measure on a little-endian machine: addresses and ports would be read swapped here",
      code: "BIG_ENDIAN",
    },
    {
      check: "lockdown",
      ok: !(snapshot.lockdown ?? "").includes("[confidentiality]"),
      detail: snapshot.lockdown || "the kernel has no lockdown",
      todo: "boot without lockdown=confidentiality: under it, BPF may not read kernel memory",
      code: "LOCKDOWN",
    },
    ...(withTracepoints ? [recordsCheck(snapshot)] : []),
    ...(datapath === undefined ? [] : [datapathCheck(snapshot)]),
    {
      check: "hooks",
      ok: needed.length === 0,
      detail:
        needed.length === 0
          ? `${hooks.found.size} of ${hooks.wanted.length} there`
          : needed.map(({ why }) => why).join("; "),
      todo: [...new Set(needed.map(({ todo }) => todo))].join("; "),
      code: "HOOK_MISSING",
    },
    ...(inProcess === undefined || of?.others ? [] : [oneProcessCheck(target)]),
  ];
  return checks.map((check) => (check.ok ? { ...check, todo: "" } : check));
}

/** bpftrace that types variables knows the record of a tracepoint by its fields alone, and these by the host's own BTF. */
function recordsCheck(snapshot: Snapshot): Check {
  const ok = !typesVariables(snapshot) || (snapshot.btf ?? "") !== "";
  return {
    check: "records of tracepoints",
    ok,
    detail: ok
      ? "bpftrace reads them"
      : `${versionSaid(snapshot)} doesn't read them on a kernel without BTF of its own; a file that was given doesn't help`,
    todo: "install bpftrace 0.17 on the host, or boot a kernel with CONFIG_DEBUG_INFO_BTF",
    code: "BTF_MISSING",
  };
}

function datapathCheck(snapshot: Snapshot): Check {
  const types = datapathTypes(snapshot);
  const ok = types.length === 0 || types.includes("system");
  return {
    check: "datapath",
    ok,
    detail: ok
      ? `${types.length} bridges of Open vSwitch`
      : "all bridges of Open vSwitch have their datapath in user space (netdev): the kernel sees nothing of what they do",
    todo: "ask ovs-vswitchd itself: ovs-appctl dpif-netdev/pmd-stats-show, coverage/show",
    code: "USERSPACE_DATAPATH",
  };
}

/** Whether uprobes can be kept to one process. */
function oneProcessCheck({ snapshot, library }: Target): Check {
  const said = snapshot["tool.bpftrace"] ?? "";
  const isOld = !isNewEnough(said, oldestForOneProcess);
  const isElsewhere = library?.isElsewhere ?? false;
  return {
    check: "one process",
    ok: !isOld && !isElsewhere,
    detail: isOld
      ? `${versionSaid(snapshot)} can't keep uprobes to one process: every process that runs the same library would be stopped at each call, for a microsecond or more`
      : isElsewhere
        ? "the process has a mount namespace of its own, as in a container: bpftrace can't keep uprobes to it"
        : "uprobes are kept to one process",
    todo: `${isOld ? `install bpftrace ${oldestForOneProcess} or newer on the host, or give` : "give"} others: true, where that does no harm: few processes that run this library take locks often`,
    code: "OTHER_PROCESSES",
  };
}

function bpftraceCheck(snapshot: Snapshot): Check {
  const said = snapshot["tool.bpftrace"] ?? "";
  const given = snapshot["bpftrace.given"];
  // Nothing that would do is there.
  const failed = (detail: string, todo: string): Check => {
    return { check: "bpftrace", ok: false, detail, todo, code: "BPFTRACE_MISSING" };
  };
  if (given !== undefined && !saysVersion(snapshot)) {
    return failed(
      `${given} is no program that says it is bpftrace, or can't be run`,
      "correct the path that was given to connect(), or leave it out",
    );
  }
  if (said === "") {
    return failed(
      "bpftrace is not on the PATH that commands have there",
      "install it on the host: apt-get install bpftrace, or dnf install bpftrace; where it is elsewhere, give its path: connect(host, { bpftrace })",
    );
  }
  if (!isNewEnough(said)) {
    return failed(
      `${versionSaid(snapshot)} is too old: it fails on programs that read packet headers`,
      `install bpftrace ${oldestVersion} or newer on the host: Debian 12 and Ubuntu 24.04 have it, others find it at https://github.com/bpftrace/bpftrace/releases`,
    );
  }
  return { check: "bpftrace", ok: true, detail: versionSaid(snapshot), todo: "", code: "BPFTRACE_MISSING" };
}

type Wanted = Pick<ProbeFacts, "name" | "datapath"> & Pick<ProbeDefinition<never>, "inProcess">;

/**
 * Looks for a probe's hooks on a host, and throws where it can't run there. What is so of the whole host comes before a process is looked at.
 *
 * @throws SkbookError
 */
export async function checkedTarget(
  host: Host,
  definition: Wanted,
  wanted: Hooks,
  of?: OfProcess,
): Promise<{ target: Target; hooks: ResolvedHooks }> {
  const look = async (process?: OfProcess) => {
    const found = await readTarget(host, wanted, process);
    refuseUnless(preflight(found.target, found.hooks, definition, of), definition.name, host);
    return found;
  };
  const ofHost = await look();
  return of === undefined ? ofHost : look(of);
}

/** Whether the host's own words say that a probe can run there; nothing is loaded or attached for it. */
export async function checkProbe(
  host: Host,
  definition: Pick<
    ProbeDefinition<never>,
    "name" | "hooks" | "datapath" | "inProcess" | "endsAtOnce" | "shape"
  >,
): Promise<{ checks: Check[]; hooks: ResolvedHooks }> {
  const { target, hooks } = await readTarget(host, hooksOf(definition));
  return { checks: preflight(target, hooks, definition), hooks };
}

/** Throws for the first check that failed. */
function refuseUnless(checks: readonly Check[], probe: string, host: Host): void {
  const failed = checks.find((check) => !check.ok);
  if (failed === undefined) return;
  // What is missing may be there the next time that the cell runs.
  host.forget();
  throw new SkbookError({
    code: failed.code,
    tried: `run ${probe} on ${host.name}; nothing was attached`,
    failed: failed.detail,
    todo: failed.todo,
    details: { checks },
  });
}
