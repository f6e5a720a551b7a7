import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hostCounters, live, localhost, record, replay, type Table } from "../../../lib/index.js";
import { enterCell } from "../../fixtures/cell.js";
import { describeLive } from "../../fixtures/needs.js";

const [near, far] = ["skc-near", "skc-far"];

async function ip(line: string): Promise<void> {
  await execa("ip", line.split(" "));
}

/** Sends datagrams of so many bytes, each from a port of its own, to a port that nobody listens on. */
async function send(namespace: string, address: string, count: number, bytes: number): Promise<void> {
  const line = `for i in $(seq ${count}); do head -c ${bytes} /dev/zero >/dev/udp/${address}/9; done`;
  await execa("nsenter", [`--net=/run/netns/${namespace}`, "bash", "-c", line]);
}

describeLive("counters of two namespaces", ["root", "namespaces"], () => {
  let folder: string;
  const remove = async () => {
    for (const name of [near, far]) await execa("ip", ["netns", "del", name], { reject: false });
  };
  const change = async (counters: Table, netns: string, counter: string, source = "protocol") => {
    const rows = await counters.sql(
      `SELECT sum(change) FROM this WHERE netns = '${netns}' AND counter = '${counter}' AND source = '${source}'`,
    );
    return (rows.values as number[][])[0]?.[0];
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "skbook-counters-"));
    await remove();
    for (const line of [
      ...[`netns add ${near}`, `netns add ${far}`],
      `-n ${near} link add skc0 type veth peer name skc1 netns ${far}`,
      ...[`-n ${near} addr add 198.51.100.1/24 dev skc0`, `-n ${far} addr add 198.51.100.2/24 dev skc1`],
      ...[`-n ${near} link set skc0 up`, `-n ${far} link set skc1 up`],
      `-n ${near} tuntap add skc-gone mode tap`,
    ]) {
      await ip(line);
    }
    await send(near, "198.51.100.2", 1, 10);
    await execa("tc", `-n ${far} qdisc add dev skc1 root tbf rate 80kbit burst 3000 limit 4000`.split(" "));
  });
  afterAll(async () => {
    await remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test("every packet that was sent is in a counter, where it was lost; a replay counts the same", async () => {
    await record(join(folder, "case"));
    const counters = await hostCounters(localhost(), {
      seconds: 30,
      during: async () => {
        await send(near, "198.51.100.2", 20, 100);
        await send(far, "198.51.100.1", 40, 1000);
      },
    });
    expect(await change(counters, far, "UdpNoPorts")).toBe(20);
    expect(await change(counters, near, "UdpOutDatagrams")).toBe(20);
    const dropped = (await change(counters, far, "drops", "qdisc")) ?? 0;
    expect(dropped).toBeGreaterThan(0);
    const shaped = await counters.sql(
      `SELECT subject, loss FROM this WHERE counter = 'drops' AND change = ${dropped}`,
    );
    expect(shaped.values).toEqual([["skc1 tbf root", true]]);
    expect(await change(counters, near, "UdpNoPorts")).toBeLessThanOrEqual(40 - dropped);

    const all = (table: Table) => table.sql("FROM this");
    const seen = await all(counters);
    await replay(join(folder, "case"));
    let acted = 0;
    const again = await hostCounters(localhost(), { seconds: 30, during: () => (acted += 1) });
    live();
    expect((await all(again)).values).toEqual(seen.values);
    expect(again.provenance.startedAt).toBe(counters.provenance.startedAt);
    expect(acted).toBe(1);
  });

  test("a device that comes or goes is unknown, not zero", async () => {
    const counters = await hostCounters(localhost(), {
      during: async () => {
        await ip(`-n ${near} link del skc-gone`);
        await ip(`-n ${near} tuntap add skc-come mode tap`);
      },
    });
    const rows = await counters.sql(
      `SELECT subject, change, before, after FROM this WHERE netns = '${near}' AND counter = 'rx_packets' AND subject LIKE 'skc-%' ORDER BY 1`,
    );
    expect(rows.values).toEqual([
      ["skc-come", null, null, 0],
      ["skc-gone", null, 0, null],
    ]);
  });

  test("an option that it doesn't know, or a time out of range, is refused before anything is run", async () => {
    await expect(hostCounters(localhost(), { seconds: 0 })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });

  test("an interrupt ends the wait", async () => {
    const cell = enterCell("cell");
    try {
      const call = hostCounters(localhost(), {
        seconds: 600,
        during: () => new Promise(() => cell.interrupt()),
      });
      await expect(call).rejects.toMatchObject({ code: "INTERRUPTED" });
    } finally {
      cell();
    }
  });

  test("what fails meanwhile is the call's error", async () => {
    const call = hostCounters(localhost(), {
      during: () => {
        throw new Error("no traffic today");
      },
    });
    await expect(call).rejects.toMatchObject({ code: "DURING_FAILED", failed: "no traffic today" });
  });
});
