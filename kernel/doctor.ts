import { execFile } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { kernelName, userKernels } from "./install.js";

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

function program(name: string, purpose: string, args: string[], todo: string): Check {
  const look = async (): Promise<Finding> => {
    const version = await versionOf(name, ...args);
    return version === undefined ? { ok: false, found: "not found", todo } : { ok: true, found: version };
  };
  return { name, purpose, look };
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
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
  program("tshark", "opening captures", ["--version"], "install tshark (Debian: apt install tshark)"),
  {
    name: "dumpcap or tcpdump",
    purpose: "capturing on this machine",
    look: async () => {
      const version = (await versionOf("dumpcap", "--version")) ?? (await versionOf("tcpdump", "--version"));
      if (version !== undefined) return { ok: true, found: version };
      return { ok: false, found: "neither is there", todo: "install one (Debian: apt install tcpdump)" };
    },
  },
  program(
    "bpftrace",
    "probing this machine",
    ["--version"],
    "install bpftrace (Debian: apt install bpftrace)",
  ),
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
    name: "kernelspec",
    purpose: "choosing skbook in Jupyter",
    look: async () => {
      const path = join(userKernels(), kernelName, "kernel.json");
      const ok = await stat(path).then(
        (entry) => entry.isFile(),
        () => false,
      );
      return ok
        ? { ok, found: path }
        : { ok, found: "not in the user's folder", todo: "run: skbook install" };
    },
  },
  program("jupyter", "working in a browser", ["--version"], "install JupyterLab (pip install jupyterlab)"),
];

/**
 * `skbook doctor`: one line per check. Nothing of it is needed everywhere (a replay needs only Node), so what is
 * missing is advice and no failure.
 */
export async function doctor(): Promise<number> {
  const findings = await Promise.all(checks.map((check) => check.look()));
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const [index, { ok, found, todo }] of findings.entries()) {
    const { name = "", purpose = "" } = checks[index] ?? {};
    const advice = ok ? "" : ` (needed for ${purpose}; ${todo})`;
    process.stdout.write(`${ok ? "ok     " : "missing"} ${name.padEnd(width)}  ${found}${advice}\n`);
  }
  return 0;
}
