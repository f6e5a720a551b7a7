import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connect, conntrackEvents, hostFacts } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { eventually, processesWith } from "../fixtures/processes.js";
import { together } from "../fixtures/together.js";
import { compare, harm, verdicts } from "./compare.js";
import { closedUdpPort, dropFlow, type Fault, netemLoss, nftDrop, tbfOverflow } from "./faults/index.js";
import { watchdogScript } from "./machine/watchdog.js";
import { compareRules, scenes } from "./rules/index.js";
import { sharedLab } from "./shared.js";
import { dropProbes, patience } from "./sightings.js";

/** Attaching takes seconds in an emulated machine, and more on a busy one. */
const patienceMs = 600_000;

const seenAs = (verdict: string, faults: readonly Fault[]) =>
  faults.flatMap(({ name }) =>
    ["dropSummary", "dropEvents"].map((probe) => ({ fault: name, probe, verdict })),
  );

describeLive("a host with kernel 6.1", ["root", "lab", "debian"], () => {
  const lab = sharedLab("6.1");

  test("is connected to as any host is, and says what it is", async () => {
    const again = await connect(lab().destination, lab().options);
    const facts = (await hostFacts(again)).values as [string, string, string | null][];
    const fact = (area: string, name: string) => facts.find((row) => row[0] === area && row[1] === name)?.[2];
    expect(fact("system", "kernel")).toMatch(/^6\.1\./);
    expect(fact("system", "commands run as")).toBe("root");
    expect(fact("tracing", "BTF")).toBe("yes");
    expect(fact("tracing", "kprobes")).toBe("yes");
    expect(fact("tools", "bpftrace")).toMatch(/^0\./);
    expect(facts.filter(([area]) => area === "network").map((row) => row[1])).toContain("br0");
    await again.close();
  });

  test("what goes wrong nowhere is seen nowhere", { timeout: patienceMs }, async () => {
    const quiet = await together(
      Object.values(dropProbes).map((probe) => (during) => probe(lab().host, during)),
      () => new Promise((later) => setTimeout(later, 3_000)),
    );
    for (const { all, lost } of quiet) {
      expect(all.filter(({ device }) => device !== null)).toEqual([]);
      expect(lost).toBe(0);
    }
  });

  test("every probe counts as many drops as the host's own counters", { timeout: patienceMs }, async () => {
    const faults = [netemLoss, nftDrop, closedUdpPort, tbfOverflow];
    expect(await verdicts(compare(lab(), faults))).toEqual(seenAs("ok", faults));
  });

  test("the report of drops finds what is wrong, says whose it is, and nothing of what is not", {
    timeout: patienceMs,
  }, async () => {
    const some = ["udp-closed", "wrong-mac", "no-route", "ping", "chatter", "other-protocols"];
    const said = await compareRules(
      lab(),
      scenes.filter(({ name }) => some.includes(name)),
    );
    expect(said.filter(({ verdict }) => !["ok", "unseen"].includes(verdict))).toEqual([]);
    expect(said.filter(({ said }) => said === "fired").map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(["DROPS_NO_SOCKET", "DROPS_WRONG_MAC", "DROPS_ROUTE", "COUNTER_ROUTE"]),
    );
  });

  test("connection tracking shows what the lab sends, and nothing of what brings the rows", {
    timeout: patienceMs,
  }, async () => {
    let sent = 0;
    const seen = await conntrackEvents(lab().host, {
      ...patience,
      during: async () => {
        sent = await harm(lab(), closedUdpPort);
      },
    });
    const counted = await seen.sql(
      "SELECT count(*) FILTER (protocol = 'UDP' AND state = 'NEW' AND step = 'lookup'), count(*) FILTER (22 IN (src_port, dst_port)) FROM this",
    );
    expect(counted.values).toEqual([[sent, 0]]);
    expect(seen.provenance).toMatchObject({
      lost: 0,
      notes: [expect.stringContaining("own SSH connection")],
    });
  });

  test("a rule of the switch that drops is no drop to a kernel before 6.7", {
    timeout: patienceMs,
  }, async () => {
    expect(await verdicts(compare(lab(), [dropFlow]))).toEqual(seenAs("unseen", [dropFlow]));
  });
});

for (const kernel of ["5.10", "6.12"] as const) {
  describeLive(`a host with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);

    test("every probe counts as many drops as the host's own counters", { timeout: patienceMs }, async () => {
      const faults = [closedUdpPort, netemLoss];
      expect(await verdicts(compare(lab(), faults))).toEqual(seenAs("ok", faults));
    });
  });
}

test("a machine ends with the process that started it, however that ends", async () => {
  const folder = mkdtempSync(join(tmpdir(), "skbook-lab-test-"));
  const machine = "86399.25";
  const owner = spawn(
    process.execPath,
    [
      "-e",
      `require("node:child_process").spawn("sh", ["-c", ...process.argv.slice(1)], { stdio: ["pipe", "ignore", "ignore"], detached: true });
       setInterval(() => {}, 1000);`,
      ...[watchdogScript, "lab-watchdog", folder, "sleep", machine],
    ],
    { stdio: "ignore" },
  );
  const running = () => processesWith(machine, "sleep ").length > 0;
  expect(await eventually(10, running)).toBe(true);
  owner.kill("SIGKILL");
  await once(owner, "exit");
  expect(await eventually(10, () => !running() && !existsSync(folder))).toBe(true);
});
