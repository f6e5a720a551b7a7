import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeLive, onPath } from "../fixtures/needs.js";
import { startLiveHost } from "../scene/live-host.js";
import { startUploads } from "../scene/uploads.js";

const notebook = "notebooks/first-look.ipynb";

interface Notebook {
  cells: { id: string; outputs?: { output_type: string; data?: Record<string, unknown> }[] }[];
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "skbook-first-look-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (name: string) => readFileSync(join(folder, name), "utf8");
const outputsOf = (name: string, cell: string) =>
  (JSON.parse(read(name)) as Notebook).cells.find(({ id }) => id === cell)?.outputs ?? [];

/** Replays with no program on the PATH and, where we may, no network at all. */
async function replay(kase: string, name: string): Promise<void> {
  const command = [
    process.execPath,
    "dist/kernel/main.js",
    "run",
    notebook,
    "--replay",
    kase,
    "-o",
    join(folder, name),
  ];
  command.push("--html", join(folder, `${name}.html`));
  const alone = process.getuid?.() === 0 && onPath("unshare");
  const [file = "", ...args] = alone ? ["/usr/bin/unshare", "--net", ...command] : command;
  await execa(file, args, {
    env: { PATH: join(folder, "nothing-here"), HOME: folder, TMPDIR: tmpdir() },
    extendEnv: false,
  });
}

describe("first-look", () => {
  test("replays from its recorded case, twice to the byte", async () => {
    await replay("datasets/first-look", "one.ipynb");
    await replay("datasets/first-look", "two.ipynb");
    expect(read("two.ipynb")).toBe(read("one.ipynb"));
    expect(read("two.ipynb.html")).toBe(read("one.ipynb.html"));
  });

  test("tells of three reasons, and that what the host drops is sent again", () => {
    const summary = String(outputsOf("one.ipynb", "summary")[0]?.data?.["text/plain"]);
    for (const reason of ["QDISC_DROP", "NO_SOCKET", "NETFILTER_DROP"]) expect(summary).toContain(reason);
    const verdict = [outputsOf("one.ipynb", "verdict")[0]?.data?.["text/plain"]].flat().join("");
    const rows = verdict.split("\n").filter((line) => /^ *\d{5} /.test(line));
    expect(rows.length).toBeGreaterThan(2);
    for (const row of rows) {
      const [, , drops, sentAgain] = row.trim().split(/\s+/).map(Number) as [number, number, number, number];
      expect(drops).toBeGreaterThan(10);
      expect(sentAgain).toBeGreaterThanOrEqual(drops);
      expect(sentAgain).toBeLessThanOrEqual(drops + 2);
    }
  });

  test("the page is one file that fetches nothing, with tables and figures in it", () => {
    const page = read("one.ipynb.html");
    expect(page).not.toMatch(/<(?:script|img|iframe|link)[^>]*(?:src|href)=["']?(?:https?:)?\/\//i);
    expect(page.match(/<table/g)?.length).toBeGreaterThan(5);
    expect(page.match(/data:image\/svg\+xml/g)?.length).toBeGreaterThanOrEqual(3);
  });

  test("its figures carry JSON, HTML and text", () => {
    const [output] = outputsOf("one.ipynb", "timeline");
    expect(Object.keys(output?.data ?? {})).toEqual(
      expect.arrayContaining(["application/vnd.plotly.v1+json", "text/html", "image/svg+xml", "text/plain"]),
    );
  });
});

describeLive(
  "first-look on a live host",
  ["root", "bpftrace", "tshark", "sshd", "tracing", "namespaces"],
  () => {
    test("a recording made with live traffic replays to the same notebook", async () => {
      const host = await startLiveHost("sknb");
      const trouble = await startUploads(host.scene);
      const kase = join(folder, "case");
      try {
        await execa(
          process.execPath,
          [
            "dist/kernel/main.js",
            "run",
            notebook,
            "-p",
            "seconds=4",
            "--record",
            kase,
            "-o",
            join(folder, "live.ipynb"),
          ],
          { env: { HOME: host.home } },
        );
      } finally {
        await trouble.stop();
        await host.stop();
      }
      await execa(
        process.execPath,
        [
          "dist/kernel/main.js",
          "run",
          notebook,
          "-p",
          "seconds=4",
          "--replay",
          kase,
          "-o",
          join(folder, "again.ipynb"),
        ],
        { env: { PATH: join(folder, "nothing-here"), HOME: folder }, extendEnv: false },
      );
      expect(read("again.ipynb")).toBe(read("live.ipynb"));
      expect(String(outputsOf("live.ipynb", "summary")[0]?.data?.["text/plain"])).toContain("QDISC_DROP");
    });

    test("a replay with other parameters is an error that shows the difference", async () => {
      const result = await execa(
        process.execPath,
        ["dist/kernel/main.js", "run", notebook, "-p", "seconds=5", "--replay", join(folder, "case")],
        { reject: false },
      );
      expect(result.exitCode).toBe(1);
      expect(result.stderr + result.stdout).toMatch(/NOT_RECORDED.*seconds was 4, asked is 5/s);
    });
  },
);
