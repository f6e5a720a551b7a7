import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeFailure } from "../../lib/errors/index.js";
import { describeLive } from "../fixtures/needs.js";
import { inFull } from "../fixtures/sweep.js";

const library = new URL("../../dist/lib/index.js", import.meta.url).href;

describeLive("a disk that gets full", ["root"], () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "skbook-full-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs cells in a process that has a file system of its own of one megabyte at `disk`; gives what `say` said. */
  function inSmallDisk(code: string, environment: NodeJS.ProcessEnv = {}): Record<string, unknown> {
    const program = `
      const skbook = await import(${JSON.stringify(library)});
      const disk = ${JSON.stringify(folder)};
      const said = {};
      const codeOf = (work) => work.then(() => "whole", (error) => error.code ?? String(error));
      ${code}
      process.stdout.write(JSON.stringify(said));
      process.exit(0);`;
    const mounted = 'mount -t tmpfs -o size=1m,mode=700 tmpfs "$1" && exec "$2" --input-type=module -e "$3"';
    const args = ["--mount", "sh", "-c", mounted, "sh", folder, process.execPath, program];
    const text = execFileSync("unshare", args, { encoding: "utf8", env: { ...process.env, ...environment } });
    return JSON.parse(text);
  }

  test("ends a recording with a code; what was whole stays, and nothing half-written is used", () => {
    const said = inSmallDisk(`
      const { localhost, record, replay, verifyCase } = skbook;
      await record(disk + "/case");
      const say = (bytes) => localhost().exec(["sh", "-c", "head -c " + bytes + " /dev/urandom | base64"]);
      const first = await say(1000);
      said.large = await codeOf(say(5_000_000));
      said.again = await codeOf(say(1000));
      await replay(disk + "/case");
      said.same = (await say(1000)).stdout === first.stdout;
      said.missing = await codeOf(say(5_000_000));
      said.report = await verifyCase(disk + "/case");`);
    expect(said).toMatchObject({ large: "DISK_FULL", again: "whole", same: true, missing: "NOT_RECORDED" });
    expect(said.report).toMatchObject({ intact: true, problems: [] });
  });

  test("fails a case that can't be begun, and leaves no half of it", () => {
    const said = inSmallDisk(
      `
      const fs = await import("node:fs");
      try { fs.writeFileSync(disk + "/filler", Buffer.alloc(2 << 20)); } catch {}
      said.record = await codeOf(skbook.record(disk + "/case"));
      fs.rmSync(disk + "/filler");
      said.later = await codeOf(skbook.record(disk + "/case"));`,
    );
    expect(said).toEqual({ record: "DISK_FULL", later: "whole" });
  });

  test("fails exports with a code, and leaves nothing behind", () => {
    const said = inSmallDisk(`
      const fs = await import("node:fs");
      const frame = await skbook.sql("SELECT i, md5(i::VARCHAR) AS text FROM range(60000) AS r(i)", {});
      for (const method of ["toCsv", "toJson", "toParquet", "toArrow"])
        said[method] = await codeOf(frame[method](disk + "/rows." + method));
      said.left = fs.readdirSync(disk);`);
    expect(said).toEqual({
      toCsv: "DISK_FULL",
      toJson: "DISK_FULL",
      toParquet: "DISK_FULL",
      toArrow: "DISK_FULL",
      left: [],
    });
  });

  test.runIf(inFull)("fails a query that has to use the disk", () => {
    const query = "SELECT count(DISTINCT a) FROM (SELECT md5(i::VARCHAR) AS a FROM range(20000000) AS r(i))";
    const said = inSmallDisk(`said.query = await codeOf(skbook.sql("${query}", {}));`, { TMPDIR: folder });
    expect(said).toEqual({ query: "DISK_FULL" });
  });
});

test("a full disk and a quota that is used up are told by number and by words", () => {
  const codeOf = (error: unknown) => writeFailure({ code: "OTHER", path: "/x", todo: "" }, error).code;
  expect(codeOf(Object.assign(new Error("x"), { code: "ENOSPC" }))).toBe("DISK_FULL");
  expect(codeOf(Object.assign(new Error("x"), { code: "EDQUOT" }))).toBe("QUOTA_EXCEEDED");
  expect(codeOf(new Error('IO Error: Could not write file "x": No space left on device'))).toBe("DISK_FULL");
  expect(codeOf(new Error("cat: write error: Disk quota exceeded"))).toBe("QUOTA_EXCEEDED");
  expect(codeOf(Object.assign(new Error("x"), { code: "EACCES" }))).toBe("OTHER");
});
