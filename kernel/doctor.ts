import { execFile } from "node:child_process";
import { access, constants, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SkbookError } from "../lib/errors/index.js";
import { printable } from "../lib/html/index.js";
import { findSnapshot, snapshotPath } from "./compiler/index.js";
import { kernelsIn, placesOfJupyter, specFile } from "./install/index.js";
import { findPython, isNewEnough, jupyterLabOnPath } from "./jupyterlab/index.js";
import { calledAs } from "./package.js";

const exec = promisify(execFile);

interface Finding {
  ok: boolean;
  /** What was found, or what is missing. */
  found: string;
  /** What to do where it is missing. */
  todo?: string;
}

interface Check {
  name: string;
  /** What needs it. */
  purpose: string;
  look(): Promise<Finding>;
}

/** First line that a program prints about its version; undefined where it can't be run. */
async function versionOf(program: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await exec(program, args, { timeout: 20_000 });
    return (stdout || stderr).split("\n", 1)[0]?.trim();
  } catch {
    return undefined;
  }
}

interface Program {
  purpose: string;
  todo: string;
  /** The oldest major version that will do. */
  oldest?: number;
}

function program(name: string, { purpose, todo, oldest = 0 }: Program): Check {
  const look = async (): Promise<Finding> => {
    const version = await versionOf(name, "--version");
    if (version === undefined) return { ok: false, found: "not found", todo };
    const major = Number(/(\d+)\.\d/.exec(version)?.[1] ?? oldest);
    return { ok: major >= oldest, found: version, todo };
  };
  return { name, purpose, look };
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

/** What is wrong with a kernelspec. */
async function faultOf(path: string): Promise<string | undefined> {
  try {
    const { argv } = JSON.parse(await readFile(path, "utf8")) as { argv: string[] };
    for (const file of argv.filter((entry) => entry.startsWith("/"))) {
      if (!(await exists(file))) return `names ${file}, which is gone`;
    }
    return undefined;
  } catch (error) {
    return `cannot be read: ${(error as Error).message}`;
  }
}

const isRoot = process.getuid?.() === 0;

const checks: Check[] = [
  {
    name: "node",
    purpose: "everything",
    look: async () => {
      const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
      const ok = major > 20 || (major === 20 && minor >= 19);
      return { ok, found: process.version, todo: "install Node 20.19 or newer" };
    },
  },
  program("tshark", {
    purpose: "opening captures",
    todo: "install tshark 4.0 or newer (Debian: apt install tshark)",
    oldest: 4,
  }),
  {
    name: "dumpcap or tcpdump",
    purpose: "capturing on this machine",
    look: async () => {
      const version = (await versionOf("dumpcap", "--version")) ?? (await versionOf("tcpdump", "--version"));
      if (version !== undefined) return { ok: true, found: version };
      return { ok: false, found: "neither is there", todo: "install one (Debian: apt install tcpdump)" };
    },
  },
  program("bpftrace", {
    purpose: "probing this machine",
    todo: "install bpftrace (Debian: apt install bpftrace)",
  }),
  {
    name: "root or sudo",
    purpose: "probing and capturing on this machine",
    look: async () => {
      if (isRoot) return { ok: true, found: "running as root" };
      const sudo = (await versionOf("sudo", "-n", "true")) !== undefined;
      if (sudo) return { ok: true, found: "sudo without a password" };
      return { ok: false, found: "not root, sudo asks for a password", todo: "run as root, or set up sudo" };
    },
  },
  {
    name: "tracefs",
    purpose: "tracepoints on this machine",
    look: async () => {
      const folders = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
      for (const folder of folders) {
        if (await exists(join(folder, "events"))) return { ok: true, found: folder };
      }
      const todo = "mount it as root: mount -t tracefs tracefs /sys/kernel/tracing";
      return { ok: false, found: isRoot ? "not mounted" : "not mounted, or not readable without root", todo };
    },
  },
  {
    name: "BTF",
    purpose: "reading kernel structures on this machine",
    look: async () => {
      const path = "/sys/kernel/btf/vmlinux";
      if (await exists(path)) return { ok: true, found: path };
      return { ok: false, found: `no ${path}`, todo: "use a kernel built with CONFIG_DEBUG_INFO_BTF" };
    },
  },
  {
    name: "ssh agent or key",
    purpose: "connecting to hosts",
    look: async () => {
      const agent = process.env.SSH_AUTH_SOCK;
      if (agent !== undefined && (await exists(agent))) return { ok: true, found: `agent at ${agent}` };
      for (const key of ["id_ed25519", "id_ecdsa", "id_rsa"]) {
        const path = join(homedir(), ".ssh", key);
        if (await exists(path)) return { ok: true, found: path };
      }
      return {
        ok: false,
        found: "no agent, no key in ~/.ssh",
        todo: "start ssh-agent, or make a key: ssh-keygen",
      };
    },
  },
  {
    name: "startup snapshot",
    purpose: "starting at once",
    look: async () => {
      const path = findSnapshot();
      if (path !== undefined) return { ok: true, found: path };
      const where = snapshotPath();
      if (where !== undefined)
        return {
          ok: false,
          found: `not made yet for Node ${process.version}`,
          todo: `${calledAs} install, or start a kernel`,
        };
      const todo = "let this user alone write to the cache folder, and leave SKBOOK_CACHE_BYTES unset";
      return { ok: false, found: "nothing may be kept in the cache folder", todo };
    },
  },
  {
    name: "kernelspec",
    purpose: "choosing skbook in a Jupyter of your own",
    look: async () => {
      const todo = `${calledAs} install`;
      for (const path of (await placesOfJupyter()).map(kernelsIn).map(specFile)) {
        if (!(await exists(path))) continue;
        const fault = await faultOf(path);
        return { ok: fault === undefined, found: fault === undefined ? path : `${path} ${fault}`, todo };
      }
      return { ok: false, found: "not installed", todo };
    },
  },
  {
    name: "JupyterLab",
    purpose: "working in a browser",
    look: async () => {
      const version = await jupyterLabOnPath();
      if (version !== undefined && isNewEnough(version)) return { ok: true, found: `${version} on the PATH` };
      const found = version === undefined ? "none on the PATH" : `${version} on the PATH is too old`;
      try {
        const python = await findPython();
        return { ok: true, found: `${found}; ${calledAs} jupyterlab sets one up with ${python.executable}` };
      } catch (error) {
        if (!(error instanceof SkbookError)) throw error;
        return { ok: false, found: `${found}, and ${error.failed}`, todo: error.todo };
      }
    },
  },
];

/**
 * `skbook doctor`: one line per check, which is ok or ends in what to do. Nothing of it is needed everywhere (a replay
 * needs only Node), so what is missing is advice and no failure.
 */
export async function doctor(): Promise<number> {
  const findings = await Promise.all(checks.map((check) => check.look()));
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const [index, { ok, found, todo }] of findings.entries()) {
    const { name = "", purpose = "" } = checks[index] ?? {};
    const advice = ok ? "" : `; needed for ${purpose}. To do: ${todo}`;
    process.stdout.write(
      printable(`${ok ? "ok     " : "missing"} ${name.padEnd(width)}  ${found}${advice}\n`),
    );
  }
  return 0;
}
