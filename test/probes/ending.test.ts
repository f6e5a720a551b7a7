import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dropEvents, dropSummary, localhost } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";

/** Sends datagrams without end to a closed port of this machine: some thousand a second. */
const sender = `
  const socket = require("node:dgram").createSocket("udp4");
  const next = () => socket.send(Buffer.alloc(64), 9, "127.0.0.1", () => setTimeout(next, 0));
  for (let i = 0; i < 4; i += 1) next();`;

describeLive("a probe that ends while events go on", ["root", "bpftrace", "tracing"], () => {
  let traffic: ChildProcess;
  beforeAll(() => {
    traffic = spawn(process.execPath, ["-e", sender], { stdio: "ignore" });
  });
  afterAll(async () => {
    traffic.kill();
    await once(traffic, "exit");
  });

  const filter = { dst: "127.0.0.1", dstPort: 9 };
  const pause = () => new Promise((later) => setTimeout(later, 2_000));

  test.each([
    ["by its time", { seconds: 2 }],
    ["with what it was to watch", { seconds: 60, during: pause }],
  ])("%s, has lost none", async (_, ending) => {
    const events = await dropEvents(localhost(), { ...filter, ...ending });
    expect(await events.count()).toBeGreaterThan(500);
    expect(events.provenance).toMatchObject({ lost: 0, partial: false, details: { detached: "proved" } });

    const summary = await dropSummary(localhost(), { ...filter, ...ending });
    expect(summary.provenance).toMatchObject({ lost: 0, partial: false, details: { detached: "proved" } });
  });
});
