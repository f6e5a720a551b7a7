import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { missing } from "../fixtures/needs.js";
import { inFull } from "../fixtures/sweep.js";
import { writeNotebook } from "../kernel/fixtures.js";
import { npmInstall, useInstallation } from "./installation.js";

/** The oldest Node that the package says it runs on, and the newest of each line that is maintained. */
const versions = ["20.19.0", "20", "22", "24"];
/** Nobody listens there. */
const port = 47_020;
const lacking = missing(["root", "bpftrace", "tracing", "tshark", "dumpcap"]);

// Each of them is a download of 30 MB or more.
describe.skipIf(!inFull || lacking.length > 0)("the package under another Node", () => {
  const installation = useInstallation();

  test.each(versions)(
    "%s: starts, runs a cell, a probe and a capture",
    async (version) => {
      const folder = join(installation.base, `node-${version}`);
      mkdirSync(folder);
      const name = `node-${process.platform}-${process.arch}`;
      await npmInstall(installation.run, ["--prefix", folder, `${name}@${version}`]);
      const node = join(folder, "node_modules", name, "bin/node");
      const main = join(installation.folder, "node_modules/skbook/dist/kernel/main.js");

      const path = join(folder, "notebook.ipynb");
      writeNotebook(path, [
        "process.versions.node",
        'import { capture, dropSummary, localhost, packets } from "skbook";\nconst host = localhost();',
        "(await dropSummary(host, { seconds: 1 })).provenance.lost",
        `import { createSocket } from "node:dgram";
const during = async () => {
  const socket = createSocket("udp4");
  for (let sent = 0; sent < 100; sent++) {
    await new Promise((done) => socket.send("datagram", ${port}, "127.0.0.1", done));
  }
  socket.close();
};
const captured = await capture(host, { device: "lo", filter: "udp port ${port}", during });
(await (await packets(captured)).sql("SELECT count(*) AS packets FROM this")).values`,
      ]);
      const ran = await installation.run(node, [main, "run", path, "-o", join(folder, "out.ipynb")]);
      console.log(`Node ${version}\n${ran.output}`);
      expect(ran.code).toBe(0);
      const outputs = (
        JSON.parse(readFileSync(join(folder, "out.ipynb"), "utf8")) as {
          cells: { outputs: { data?: { "text/plain"?: string[] } }[] }[];
        }
      ).cells.map(({ outputs }) => outputs.flatMap(({ data }) => data?.["text/plain"] ?? []).join(""));
      expect(outputs[0]).toMatch(new RegExp(`^'${version.replaceAll(".", "\\.")}[.']`));
      expect(outputs.slice(2)).toEqual(["0", "[ [ 100 ] ]"]);
    },
    300_000,
  );
});
