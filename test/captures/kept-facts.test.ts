import {
  appendFileSync,
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openCapture } from "../../lib/captures/index.js";
import { generateCapture } from "../bench/generate-capture.js";
import { describeLive } from "../fixtures/needs.js";
import { ownFolder } from "../fixtures/own-folder.js";

const folder = ownFolder();
const { PATH, XDG_CACHE_HOME } = process.env;
const file = () => join(folder, "some.pcap");
const log = () => join(folder, "capinfos.log");
const cache = () => join(folder, "skbook", "facts");
/** How often capinfos has read a capture by now. */
const reads = () => readFileSync(log(), "utf8").trim().split("\n").filter(Boolean).length;

describeLive("what a capture file says of itself", ["tshark"], () => {
  beforeAll(() => {
    const bin = folder;
    writeFileSync(
      join(bin, "capinfos"),
      `#!/bin/sh\necho read >> '${log()}'\nPATH='${PATH}' exec capinfos "$@"\n`,
    );
    chmodSync(join(bin, "capinfos"), 0o755);
    process.env.PATH = `${bin}${delimiter}${PATH}`;
    process.env.XDG_CACHE_HOME = folder;
  });
  beforeEach(() => {
    rmSync(file(), { force: true });
    rmSync(cache(), { recursive: true, force: true });
    generateCapture(file(), 50_000);
    writeFileSync(log(), "");
  });
  afterAll(() => {
    process.env.PATH = PATH;
    process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  });

  test("is read once, as long as the file stays as it is", async () => {
    const { facts } = await openCapture(file());
    expect(facts.packets).toBeGreaterThan(10);
    expect((await openCapture(file())).facts).toEqual(facts);
    expect(reads()).toBe(1);
    expect(statSync(cache()).mode & 0o777).toBe(0o700);
  });

  test("is read again of a file that grew, or was cut and damaged", async () => {
    const { facts } = await openCapture(file());
    appendFileSync(file(), readFileSync(file()).subarray(24));
    expect((await openCapture(file())).facts.packets).toBe(2 * facts.packets);
    writeFileSync(file(), readFileSync(file()).subarray(0, 20_000));
    expect((await openCapture(file())).facts).toMatchObject({ partial: true });
    expect((await openCapture(file())).facts).toMatchObject({ partial: true });
    // What is damaged may take more than one read.
    expect(reads()).toBeGreaterThanOrEqual(3);
  });

  test.each([
    ["no JSON", "{"],
    ["no facts", '{"version":"TShark"}'],
    ["another version's", (kept: string) => kept.replace(/"version":"[^"]+"/, '"version":"TShark 1.0"')],
  ])("is read again where what was kept is %s", async (_, change) => {
    const { facts } = await openCapture(file());
    for (const name of readdirSync(cache())) {
      const path = join(cache(), name);
      writeFileSync(path, typeof change === "string" ? change : change(readFileSync(path, "utf8")));
    }
    expect((await openCapture(file())).facts).toEqual(facts);
    expect(reads()).toBe(2);
  });
});
