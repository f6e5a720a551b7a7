import { execFile, execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { CompilerProcess, snapshotPath } from "../../kernel/compiler/index.js";
import { program } from "../../kernel/package.js";

const home = mkdtempSync(join(tmpdir(), "skbook-test-"));
const folder = join(home, "skbook/compiler");
const environment = { ...process.env, XDG_CACHE_HOME: home };
let snapshot = "";
let sound: Buffer;

const notebook = join(home, "one.ipynb");
const cell = (source: string) => ({
  cell_type: "code",
  id: "one",
  source,
  metadata: {},
  outputs: [],
  execution_count: null,
});

/** Runs a cell in a kernel of its own, from beginning to end. */
function run(source: string, env: NodeJS.ProcessEnv = environment) {
  writeFileSync(
    notebook,
    JSON.stringify({ cells: [cell(source)], metadata: {}, nbformat: 4, nbformat_minor: 5 }),
  );
  const { status, stderr } = spawnSync(process.execPath, [program, "run", notebook, "-o", notebook], {
    env,
    encoding: "utf8",
  });
  const [ran] = (JSON.parse(readFileSync(notebook, "utf8")) as { cells: { outputs: unknown[] }[] }).cells;
  return { status, stderr, outputs: JSON.stringify(ran?.outputs) };
}

const works = 'import { connect } from "skbook"; const answer: number = 41; [answer + 1, typeof connect]';
const isWrong = 'import { connect } from "skbook"; const host: string = connect;';

beforeAll(() => {
  execFileSync(process.execPath, [program, "snapshot"], { env: environment });
  snapshot = join(folder, readdirSync(folder).find((name) => name.endsWith(".blob")) ?? "");
  sound = readFileSync(snapshot);
});
beforeEach(() => {
  rmSync(snapshot, { force: true });
  writeFileSync(snapshot, sound, { mode: 0o600 });
});
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

test("a kernel starts from the snapshot, and checks types", () => {
  expect(run(works)).toMatchObject({ status: 0, outputs: expect.stringContaining("[ 42, 'function' ]") });
  const wrong = run(isWrong);
  expect(wrong.status).toBe(1);
  expect(wrong.outputs).toContain("CompileError");
  expect(readdirSync(folder)).toEqual([snapshot.slice(folder.length + 1)]);
});

test("what NODE_OPTIONS asks for does not keep it from starting", () => {
  const { status, stderr } = run(works, { ...environment, NODE_OPTIONS: "--stack-trace-limit=20" });
  expect({ status, told: stderr.includes("snapshot") }).toEqual({ status: 0, told: false });
});

/** A snapshot that says something else. */
function foreign(): Buffer {
  const script = join(home, "foreign.cjs");
  const blob = join(home, "foreign.blob");
  const main =
    'process.send?.({ greeting: "hello" }); setInterval(() => {}, 1000); process.on("disconnect", () => process.exit())';
  writeFileSync(script, `require("v8").startupSnapshot.setDeserializeMainFunction(() => { ${main} });`);
  execFileSync(process.execPath, ["--snapshot-blob", blob, "--build-snapshot", script], { stdio: "ignore" });
  return readFileSync(blob);
}

test.each([
  ["cut off", () => truncateSync(snapshot, sound.length / 2)],
  ["empty", () => truncateSync(snapshot, 0)],
  ["not a snapshot", () => writeFileSync(snapshot, "#!/bin/sh\n")],
  [
    "damaged inside",
    () =>
      writeFileSync(
        snapshot,
        sound.map((byte, index) => (index % 9973 === 0 ? byte ^ 0x55 : byte)),
      ),
  ],
  ["of another program", () => writeFileSync(snapshot, foreign())],
])(
  "a snapshot that is %s: the kernel says so once, starts without it, and makes it anew",
  async (_, damage) => {
    damage();
    const { status, stderr, outputs } = run(works);
    expect(status, stderr).toBe(0);
    expect(outputs).toContain("[ 42, 'function' ]");
    expect(stderr.match(/does not start/g)).toHaveLength(1);
    await expect.poll(() => existsSync(snapshot), { timeout: 100_000, interval: 200 }).toBe(true);
    expect(run(works).stderr).not.toContain("snapshot");
  },
);

test("a snapshot that others may write to is not started, and replaced", async () => {
  chmodSync(snapshot, 0o666);
  expect(run(works)).toMatchObject({ status: 0 });
  const mode = () => (statSync(snapshot, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
  await expect.poll(mode, { timeout: 100_000, interval: 200 }).toBe(0o600);
  await expect.poll(() => readdirSync(folder).length, { timeout: 100_000 }).toBe(1);
});

test("where nothing is to be kept, a kernel starts without, and doctor says so", () => {
  const nothing = { ...environment, SKBOOK_CACHE_BYTES: "0" };
  expect(run(works, nothing)).toMatchObject({
    status: 0,
    outputs: expect.stringContaining("[ 42, 'function' ]"),
  });
  const doctor = (env: NodeJS.ProcessEnv) =>
    execFileSync(process.execPath, [program, "doctor"], { env, encoding: "utf8" })
      .split("\n")
      .find((line) => line.includes("startup snapshot"));
  expect(doctor(environment)).toMatch(/^ok .*\.blob$/);
  expect(doctor(nothing)).toMatch(/^missing .*SKBOOK_CACHE_BYTES/);
});

/** The compiler's process that this one has started. */
const compilerPid = () =>
  Number(execFileSync("pgrep", ["-P", String(process.pid), "-f", "compiler"], { encoding: "utf8" }).trim());

test.each([
  ["the snapshot", () => vi.stubEnv("XDG_CACHE_HOME", home)],
  ["the program", () => vi.stubEnv("SKBOOK_CACHE_BYTES", "0")],
])("an interrupt that comes before the compiler has started from %s ends nothing", async (_, choose) => {
  choose();
  const compiler = new CompilerProcess();
  try {
    const first = compilerPid();
    process.kill(first, "SIGINT");
    expect(await compiler.ask("completeness", "1 + 1")).toEqual({ status: "complete" });
    expect(compilerPid()).not.toBe(first);
    expect(existsSync(snapshot)).toBe(true);
  } finally {
    vi.unstubAllEnvs();
    process.kill(compilerPid(), "SIGKILL");
  }
});

test.runIf(process.getuid?.() === 0)("a folder that another user could replace keeps no snapshot", () => {
  const shared = mkdtempSync(join(tmpdir(), "skbook-test-"));
  try {
    vi.stubEnv("XDG_CACHE_HOME", shared);
    expect(snapshotPath()).toMatch(/\.blob$/);
    chmodSync(join(shared, "skbook"), 0o777);
    expect(snapshotPath()).toMatch(/\.blob$/);
    expect(statSync(join(shared, "skbook")).mode & 0o777).toBe(0o700);
    chownSync(join(shared, "skbook"), 12_345, 12_345);
    expect(snapshotPath()).toBeUndefined();
  } finally {
    vi.unstubAllEnvs();
    rmSync(shared, { recursive: true });
  }
});

test.runIf(process.getuid?.() === 0)("who has no home keeps nothing", () => {
  const script = `import { codeFolder } from ${JSON.stringify(new URL("../../dist/kernel/cache.js", import.meta.url).href)};
    process.setgid(12345); process.setuid(12345); delete process.env.HOME; delete process.env.XDG_CACHE_HOME;
    console.log(codeFolder("compiler"));`;
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(said.trim()).toBe("undefined");
});

test("several that make it at once make it once, and leave nothing half made", async () => {
  rmSync(snapshot);
  const make = () =>
    new Promise<void>((resolve, reject) =>
      execFile(process.execPath, [program, "snapshot"], { env: environment }, (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  await Promise.all([make(), make(), make()]);
  expect(readdirSync(folder)).toEqual([snapshot.slice(folder.length + 1)]);
});
