import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, dropEvents, dropSummary, type Host, hostFacts, localhost, onAll } from "../../lib/index.js";
import { enterCell } from "../fixtures/cell.js";
import { describeLive } from "../fixtures/needs.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";

describeLive("several hosts at once", ["root", "bpftrace", "sshd", "tracing"], () => {
  let sshd: Sshd;
  let remote: Host;
  let lost: Host;
  beforeAll(async () => {
    sshd = await startSshd();
    remote = await connect(sshd.destination, sshd.options);
    lost = await connect(sshd.destination.replace("127.0.0.1", "localhost"), {
      ...sshd.options,
      knownHosts: [await knownAs("localhost")],
    });
    await lost.close();
  });
  afterAll(async () => {
    await remote?.close();
    sshd?.stop();
  });

  async function knownAs(name: string): Promise<string> {
    const { readFileSync, writeFileSync } = await import("node:fs");
    const file = `${sshd.folder}/known_${name}`;
    const known = readFileSync(`${sshd.folder}/known_hosts`, "utf8").replace("127.0.0.1", name);
    writeFileSync(file, known);
    return file;
  }

  test("frames come together with a column host; a host that fails spoils nothing and is named", async () => {
    const drops = await onAll([remote, lost, localhost()], (host) => dropSummary(host, { seconds: 2 }));
    expect(drops.all.map(({ host, error }) => [host, error?.code ?? null])).toEqual([
      [remote.name, null],
      [lost.name, "CONNECTION_LOST"],
      ["localhost", null],
    ]);
    expect(drops.failures.values).toMatchObject([[lost.name, "CONNECTION_LOST", {}, {}, {}]]);
    expect(() => drops.of(lost.name)).toThrow(/CONNECTION_LOST/);
    const frame = await drops.together();
    expect(frame.columns).toEqual(["host", "reason", "site", "device", "drops"]);
    const parts = [remote.name, "localhost"].flatMap((host) =>
      (drops.of(host).values as unknown[][]).map((row) => [host, ...row]),
    );
    expect(frame.values).toEqual(parts);
    expect(frame.provenance).toMatchObject({ source: "dropSummary", partial: true, lost: 0 });
    expect(frame.provenance.notes[0]).toMatch(/is missing: CONNECTION_LOST/);
  });

  test("tables come together as a table", async () => {
    const { createSocket } = await import("node:dgram");
    const during = async () => {
      const socket = createSocket("udp4");
      for (let i = 0; i < 7; i += 1) await new Promise((sent) => socket.send("x", 39, "127.0.0.1", sent));
      socket.close();
    };
    const events = await onAll([remote, localhost()], (host) =>
      dropEvents(host, { seconds: 5, dstPort: 39, ...(host === remote ? { during } : {}) }),
    );
    const counted = await (await events.together()).sql(
      "SELECT host, count(*) AS n FROM this GROUP BY host ORDER BY n",
    );
    const [remoteCount, localCount] = await Promise.all(events.all.map(({ result }) => result?.count()));
    expect(remoteCount).toBe(7);
    const rows = Object.fromEntries(counted.values as [string, number][]);
    expect(rows).toEqual({ [remote.name]: 7, ...(localCount === 0 ? {} : { localhost: localCount }) });
  });

  test("what can't come together is refused, and so is a host that is given twice", async () => {
    const mixed = await onAll([remote, localhost()], (host) =>
      host === remote ? hostFacts(host) : dropSummary(host, { seconds: 1 }),
    );
    await expect(mixed.together()).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    const none = await onAll([lost], (host) => dropSummary(host, { seconds: 1 }));
    await expect(none.together()).rejects.toMatchObject({ code: "ALL_HOSTS_FAILED" });
    await expect(onAll([remote, remote], hostFacts)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await expect(onAll([remote], hostFacts, { atOnce: 0 })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  });

  test("an interrupt ends all of them", async () => {
    const leave = enterCell("all");
    const call = onAll([remote, localhost()], (host) => host.exec(["sleep", "60"]));
    call.catch(() => {});
    leave.interrupt();
    await expect(call).rejects.toMatchObject({ code: "INTERRUPTED" });
    leave();
  });

  test("a compressed connection carries the same bytes", async () => {
    const slow = await connect(sshd.destination, { ...sshd.options, compress: true });
    const command = ["sh", "-c", "seq 200000"];
    expect((await slow.exec(command)).stdout).toBe((await remote.exec(command)).stdout);
    await slow.close();
  });
});
