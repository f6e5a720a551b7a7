import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { entries, pictureIn, pictureOf } from "../../docs/generator/gallery/index.js";
import { program } from "../../kernel/package.js";
import { writeCapture } from "../captures/build.js";
import { dnsTalk } from "../captures/faults.js";
import { describeLive } from "../fixtures/needs.js";
import { readJson, useFolder, type WrittenNotebook } from "../kernel/fixtures.js";
import { runAlone, textOf } from "./run.js";

const folder = useFolder();
const names = readdirSync("notebooks/templates").map((file) => file.replace(".ipynb", ""));
const samples = readdirSync("notebooks").filter((file) => file.endsWith(".ipynb"));

/** Runs `skbook new` in a folder. */
function create(place: string, ...args: string[]) {
  mkdirSync(place, { recursive: true });
  return execa(process.execPath, [program, "new", ...args], { cwd: place, reject: false });
}

describe.each(names)("skbook new %s", (name) => {
  const place = () => join(folder.path, name);
  const output = () => join(place(), "out.ipynb");

  test("writes a notebook that runs at once, without a host, a program or a network", async () => {
    const { stdout, exitCode } = await create(place(), name);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`wrote ${join(place(), `${name}.ipynb`)}`);
    await runAlone(join(place(), `${name}.ipynb`), output());
  });

  test("shows something in every cell that is there to show it, and small", () => {
    const { cells } = readJson<WrittenNotebook>(output());
    const silent = ["parameters", "choice", "declaration", "close"];
    for (const { id, outputs } of cells.filter(({ cell_type }) => cell_type === "code"))
      if (!silent.includes(id)) expect(outputs, id).not.toEqual([]);
    expect(readFileSync(output()).length).toBeLessThan(1_000_000);
  });

  test("the gallery has its picture", () => {
    const entry = entries.find(({ notebook }) => notebook === `notebooks/templates/${name}.ipynb`);
    if (entry !== undefined)
      expect(readFileSync(pictureOf(entry), "utf8")).toBe(pictureIn(output(), entry.cell));
  });
});

describeLive("skbook new capture", ["tshark"], () => {
  test("takes a capture without TCP", async () => {
    const place = join(folder.path, "without-tcp");
    await create(place, "capture");
    writeCapture(join(place, "dns.pcap"), dnsTalk(0.5, 1, "a.example", { after: 0.02 }));
    const args = ["run", "capture.ipynb", "-p", "file=dns.pcap", "-o", "out.ipynb"];
    const { exitCode, stderr } = await execa(process.execPath, [program, ...args], {
      cwd: place,
      reject: false,
    });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  });
});

test("the probe of one's own counts what was sent again", () => {
  expect(textOf(join(folder.path, "own-probe/out.ipynb"), "run")).toMatch(/ESTABLISHED +[1-9]/);
});

describe("skbook new", () => {
  test("writes a notebook also where the name that is given doesn't end as one", async () => {
    const { stdout } = await create(folder.path, "drops", "monday");
    expect(stdout).toContain(`wrote ${join(folder.path, "monday.ipynb")}\n`);
    expect(stdout).toContain("run monday.ipynb --html monday.html");
  });

  test("lists what there is, and refuses what there isn't", async () => {
    const { stdout, exitCode } = await create(folder.path);
    expect(exitCode).toBe(0);
    for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, "m"));
    const unknown = await create(folder.path, "../../etc/passwd");
    expect(unknown).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/no template.*there are: .*drops/),
    });
  });

  test("never overwrites", async () => {
    const mine = join(folder.path, "mine.ipynb");
    writeFileSync(mine, "mine");
    const { exitCode, stderr } = await create(folder.path, "drops", "mine.ipynb");
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`cannot write ${mine}: it is there already`);
    expect(readFileSync(mine, "utf8")).toBe("mine");
  });
});

test.each(samples)("%s says that it replays, and does so from another folder", async (sample) => {
  const place = join(folder.path, "samples");
  mkdirSync(place, { recursive: true });
  copyFileSync(join("notebooks", sample), join(place, sample));
  const { cells } = readJson<WrittenNotebook>(join(place, sample));
  expect(
    cells
      .slice(0, 4)
      .map(({ source }) => source.join(""))
      .join("\n"),
  ).toMatch(
    /Replay the recorded case, or measure your own host.*const recorded = "[\w-]+";.*replayOrMeasure\(recorded\)/s,
  );
  await runAlone(join(place, sample), join(place, `out-${sample}`));
});
