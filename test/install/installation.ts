import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll } from "vitest";
import { packageRoot } from "../../kernel/package.js";

/** npm waits for an unreachable registry for minutes, and tries again; a fresh cache downloads some 60 MB. */
const setUpMs = 600_000;

export interface Ended {
  code: number | undefined;
  /** Both of its streams. */
  output: string;
}

/** What `npm pack` makes, installed as a user does, outside of this project and with nothing of it. */
export interface Installation {
  /** Holds all the rest; a notebook may lie here, beside the folder that has the package. */
  readonly base: string;
  /** An empty folder, but for the package and what npm writes. */
  readonly folder: string;
  readonly tarball: string;
  /** Runs a program in a folder, by default the one with the package. */
  run(program: string, args: readonly string[], cwd?: string): Promise<Ended>;
}

export function useInstallation(): Installation {
  const base = mkdtempSync(join(tmpdir(), "skbook-install-"));
  const folder = join(base, "empty");
  const run = async (program: string, args: readonly string[], cwd = folder): Promise<Ended> => {
    const { exitCode, all } = await execa(program, args, {
      cwd,
      env: withoutNpm(process.env),
      extendEnv: false,
      all: true,
      reject: false,
      timeout: setUpMs,
    });
    return { code: exitCode, output: all };
  };
  let tarball = "";
  beforeAll(async () => {
    mkdirSync(folder);
    // The build is the one that all tests run: npm must not make another one beside them.
    const { stdout } = await execa(
      "npm",
      ["pack", "--ignore-scripts", "--silent", "--pack-destination", base],
      { cwd: packageRoot, env: withoutNpm(process.env), extendEnv: false },
    );
    tarball = join(base, stdout.trim());
    await npmInstall(run, [tarball]);
  }, setUpMs);
  afterAll(() => rmSync(base, { recursive: true, force: true }));
  return {
    base,
    folder,
    run,
    get tarball() {
      return tarball;
    },
  };
}

/** Fails with what npm says, which names the registry where it is not reached. */
export async function npmInstall(run: Installation["run"], args: readonly string[]): Promise<void> {
  const options = ["--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=60000"];
  const { code, output } = await run("npm", ["install", ...options, ...args]);
  if (code !== 0) throw new Error(`npm could not install the package; is its registry reached?\n${output}`);
}

/** Megabytes of a folder on the disk, as `du -sm` counts them. */
export async function megabytes(path: string): Promise<number> {
  if (statSync(path).isFile()) return statSync(path).size / 1e6;
  return Number.parseInt((await execa("du", ["-sm", path])).stdout, 10);
}

/** npm hands its settings for this project on to what it runs. */
function withoutNpm(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !/^npm_/i.test(name)));
}
