// Sets up what is missing: npm packages, the build and, with --system, Debian's packages for the live tests; with --lab, also
// those that the lab's virtual machines need.
// Plain Node without dependencies, since it is what brings them.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
process.chdir(root);

/** What live tests need beside Node: a program, file or Python module that shows that a package is there, and the package. */
const systemPackages = [
  ["bpftrace", "bpftrace"],
  ["tshark", "tshark"],
  ["tcpdump", "tcpdump"],
  ["sshd", "openssh-server"],
  ["ssh-keygen", "openssh-client"],
  ["nft", "nftables"],
  ["ip", "iproute2"],
  ["ethtool", "ethtool"],
  ["ping", "iputils-ping"],
  ["sysctl", "procps"],
  ["sudo", "sudo"],
  ["setpriv", "util-linux"],
  ["chromium", "chromium"],
  ["python:ensurepip", "python3-venv"],
  ["/usr/share/fonts/truetype/liberation", "fonts-liberation"],
];

/** What the lab needs besides: an emulator, and what makes Debian hosts for it. */
const labPackages = [
  ["qemu-system-x86_64", "qemu-system-x86"],
  ["qemu-img", "qemu-utils"],
  ["mmdebstrap", "mmdebstrap"],
  ["/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring"],
  ["mke2fs", "e2fsprogs"],
  ["busybox", "busybox-static"],
  ["cpio", "cpio"],
  ["modprobe", "kmod"],
  ["zstd", "zstd"],
];

installPackages();
build();
mkdirSync("out", { recursive: true });
if (process.argv.includes("--lab")) installSystemPackages([...systemPackages, ...labPackages]);
else if (process.argv.includes("--system")) installSystemPackages(systemPackages);

/** Installs exactly the lockfile, once for each of its contents. */
function installPackages() {
  const lock = createHash("sha256").update(readFileSync("package-lock.json")).digest("hex");
  const stamp = join("node_modules", ".skbook-lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  say("installing npm packages");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(stamp, lock);
}

/** Compiles when a source is newer than the last build. */
function build() {
  const stamp = join("dist", ".built");
  const newest = Math.max(
    // A folder's own time tells of a file that has gone from it.
    ...["kernel", "lib", "probes", "vendor", "build"]
      .flatMap((folder) => [folder, ...filesBelow(folder)])
      .map(modified),
    ...["tsconfig.json", "tsconfig.build.json", "tsconfig.browser.json", "package-lock.json"].map(modified),
  );
  if (existsSync(stamp) && modified(stamp) >= newest) return;
  say("building");
  rmSync("dist", { recursive: true, force: true });
  run("npm", ["run", "--silent", "build"]);
  writeFileSync(stamp, "");
}

function installSystemPackages(packages) {
  const missing = packages.filter(([program]) => !isThere(program)).map(([, name]) => name);
  if (missing.length === 0) return;
  const prefix = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const allowed = prefix.length === 0 || spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0;
  if (!allowed || !isThere("apt-get")) {
    say(
      `not installed: ${missing.join(", ")}. Tests that need them are left out. To have them: apt-get install ${missing.join(" ")}`,
    );
    return;
  }
  say(`installing ${missing.join(", ")}`);
  const apt = (...args) => {
    const command = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", ...args];
    return spawnSync(command[0], command.slice(1), { stdio: ["ignore", "ignore", "inherit"] }).status === 0;
  };
  apt("update");
  if (apt("install", "-y", "--no-install-recommends", ...missing)) return;
  for (const name of missing) {
    if (!apt("install", "-y", "--no-install-recommends", name)) {
      say(`apt-get could not install ${name}; tests that need it are left out`);
    }
  }
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
}

function modified(path) {
  return statSync(path).mtimeMs;
}

function isThere(program) {
  if (program.startsWith("/")) return existsSync(program);
  if (program.startsWith("python:")) {
    const code = `import ${program.slice("python:".length)}`;
    return ["python3", "/usr/bin/python3"].some((python) => spawnSync(python, ["-c", code]).status === 0);
  }
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  return (
    spawnSync("sh", ["-c", 'command -v "$1"', "sh", program], { env: { ...process.env, PATH: path } })
      .status === 0
  );
}

function run(command, args) {
  try {
    // `npm pack --dry-run` would have the npm that is run here do nothing either.
    execFileSync(command, args, { stdio: "inherit", env: { ...process.env, npm_config_dry_run: "false" } });
  } catch {
    say(`${command} ${args.join(" ")} failed; see above`);
    process.exit(1);
  }
}

function say(text) {
  console.error(`skbook: ${text}`);
}
