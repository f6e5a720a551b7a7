import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { describeLive } from "../fixtures/needs.js";
import { someOf } from "../fixtures/sweep.js";
import { useFolder } from "../kernel/fixtures.js";
import { investigations } from "../scene/investigations.js";
import { recordLive, replay, rows, textOf } from "./run.js";

const folder = useFolder();
const at = (name: string) => join(folder.path, name);
const read = (name: string) => readFileSync(at(name), "utf8");

describeLive(
  "notebooks on a live host",
  ["root", "bpftrace", "tshark", "dumpcap", "sshd", "tracing", "namespaces", "ping"],
  () => {
    test.each(someOf("notebooks recorded live", Object.entries(investigations), 3))(
      "%s: a recording made with live traffic replays to the same notebook",
      async (name, startTrouble) => {
        const seconds = ["-p", "seconds=6"];
        await recordLive(name, startTrouble, at(`${name}-case`), at(`${name}-live.ipynb`), ...seconds);
        await replay(name, at(`${name}-case`), at(`${name}-again.ipynb`), ...seconds);
        expect(read(`${name}-again.ipynb`)).toBe(read(`${name}-live.ipynb`));
      },
    );

    test("what was recorded is what happened", () => {
      expect(textOf(at("first-look-live.ipynb"), "summary")).toContain("QDISC_DROP");
      expect(textOf(at("slow-download-live.ipynb"), "findings")).toContain("TCP_RESENT");
      const [, , , drops, lost] =
        rows(textOf(at("lost-or-late-live.ipynb"), "kernel"), /^QDISC_DROP/)[0] ?? [];
      expect(Number(drops)).toBeGreaterThan(0);
      expect(drops).toBe(lost);
    });

    test("a replay with other parameters is an error that shows the difference", async () => {
      const other = ["-p", "seconds=5", "--replay", at("first-look-case")];
      const result = await execa(
        process.execPath,
        ["dist/kernel/main.js", "run", "notebooks/first-look.ipynb", ...other],
        {
          reject: false,
        },
      );
      expect(result.exitCode).toBe(1);
      expect(result.stderr + result.stdout).toMatch(/NOT_RECORDED.*seconds was 6, asked is 5/s);
    });
  },
);
