import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { sendStream } from "../../../lib/hosts/wire/stream.js";
import { connect, type Host, live, record, replay, wireOrStack } from "../../../lib/index.js";
import { describeLive } from "../../fixtures/needs.js";
import { type Sshd, startSshd } from "../../fixtures/sshd.js";

const [near, far] = ["skw-near", "skw-far"];
const [nearAddress, farAddress] = ["192.0.2.5", "192.0.2.9"];
const wire = { address: "198.51.100.66", senderDevice: "eth0", receiverDevice: "eth0", seconds: 0.5 };

async function run(line: string): Promise<string> {
  const [file, ...args] = line.split(" ") as [string, ...string[]];
  return (await execa(file, args)).stdout;
}

/** Two hosts with a wire between them, each reached over a link of its own. */
describeLive("a stream between two hosts", ["root", "sshd", "namespaces", "python"], () => {
  let folder: string;
  let daemons: Sshd[] = [];
  let sender: Host;
  let receiver: Host;
  const remove = async () => {
    for (const name of [near, far]) await execa("ip", ["netns", "del", name], { reject: false });
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "skbook-wire-"));
    await remove();
    for (const name of [near, far]) await run(`ip netns add ${name}`);
    await run(`ip link add eth0 netns ${near} type veth peer name eth0 netns ${far}`);
    await run(`ip -n ${near} addr add 198.51.100.65/30 dev eth0`);
    await run(`ip -n ${far} addr add 198.51.100.66/30 dev eth0`);
    await run(`ip -n ${near} addr add 2001:db8:9::1/64 dev eth0 nodad`);
    await run(`ip -n ${far} addr add 2001:db8:9::2/64 dev eth0 nodad`);
    for (const [name, address, own] of [
      [near, nearAddress, "192.0.2.6"],
      [far, farAddress, "192.0.2.10"],
    ] as const) {
      await run(`ip link add ${name} type veth peer name mgmt0 netns ${name}`);
      await run(`ip addr add ${own}/30 dev ${name}`);
      await run(`ip -n ${name} addr add ${address}/30 dev mgmt0`);
      await run(`ip link set ${name} up`);
      for (const device of ["lo", "mgmt0", "eth0"]) await run(`ip -n ${name} link set ${device} up`);
    }
    daemons = await Promise.all([
      startSshd({ address: nearAddress, port: 22, namespace: near }),
      startSshd({ address: farAddress, port: 22, namespace: far }),
    ]);
    [sender, receiver] = (await Promise.all(
      daemons.map(({ destination, options }) => connect(destination, options)),
    )) as [Host, Host];
    await execa("nsenter", [
      `--net=/run/netns/${near}`,
      "bash",
      "-c",
      "echo >/dev/udp/198.51.100.66/9; sleep 0.3",
    ]);
  });
  afterEach(async () => {
    await execa("tc", ["-n", near, "qdisc", "del", "dev", "eth0", "root"], { reject: false });
    for (const name of [near, far])
      await execa("nsenter", [`--net=/run/netns/${name}`, "nft", "flush", "ruleset"], { reject: false });
  });
  afterAll(async () => {
    await Promise.all([sender?.close(), receiver?.close()]);
    for (const sshd of daemons) sshd.stop();
    await remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const nft = (name: string, line: string) => execa("nsenter", [`--net=/run/netns/${name}`, "nft", line]);

  test.each(["198.51.100.66", "2001:db8:9::2"])("nothing is lost on a quiet wire to %s", async (address) => {
    const { verdict, stream, rules } = await wireOrStack(sender, receiver, { ...wire, address });
    expect(verdict).toBe("NO_LOSS");
    expect(stream).toMatchObject({
      planned: 500,
      sent: 500,
      received: 500,
      lost: 0,
      duplicates: 0,
      reordered: 0,
    });
    expect(rules.provenance.notes.filter((note) => !note.includes("ethtool"))).toEqual([]);
  });

  test("a queue of the sender that runs over is the sender's: as many as it counts", async () => {
    await run(`tc -n ${near} qdisc add dev eth0 root tbf rate 200kbit burst 2k limit 3k`);
    const { verdict, stream } = await wireOrStack(sender, receiver, { ...wire, payloadBytes: 200 });
    const [qdisc] = JSON.parse(await run(`tc -n ${near} -s -j qdisc show dev eth0`)) as { drops: number }[];
    expect(verdict).toBe("SENDER_STACK");
    expect(stream.lost).toBeGreaterThan(100);
    // Its own end marks may be among those that the queue dropped.
    expect((qdisc?.drops ?? 0) - stream.lost).toBeGreaterThanOrEqual(0);
    expect((qdisc?.drops ?? 0) - stream.lost).toBeLessThanOrEqual(5);
  });

  test("a rule of the sender's firewall shows in what never left", async () => {
    await nft(near, "add table inet loss");
    await nft(near, "add chain inet loss output { type filter hook output priority 0; }");
    await nft(near, "add rule inet loss output udp dport 5555 numgen inc mod 5 == 0 drop");
    const { verdict, stream, rules } = await wireOrStack(sender, receiver, wire);
    expect(verdict).toBe("SENDER_STACK");
    expect(stream).toMatchObject({ planned: 500, lost: 100 });
    expect(stream.sent + stream.refused).toBe(500);
    expect(rules.values).toContainEqual(expect.arrayContaining(["SENDER_STACK", true]));
  });

  test("a rule at the receiver that counts nothing is unseen, and no counter is blamed", async () => {
    await nft(far, "add table inet loss");
    await nft(far, "add chain inet loss input { type filter hook input priority 0; }");
    await nft(far, "add rule inet loss input udp dport 5555 numgen inc mod 5 == 0 drop");
    const { verdict, stream } = await wireOrStack(sender, receiver, wire);
    expect(verdict).toBe("UNSEEN");
    expect(stream.lost).toBe(100);
  });

  test("a recorded stream replays to the same verdict, without the hosts", async () => {
    await record(join(folder, "case"));
    const first = await wireOrStack(sender, receiver, wire);
    await live();
    await replay(join(folder, "case"));
    const again = await wireOrStack(sender, receiver, wire);
    await live();
    expect(again.stream).toEqual(first.stream);
    expect(again.rules.values).toEqual(first.rules.values);
  });

  test("a sender that comes too late is an error, never a loss", { timeout: 60_000 }, async () => {
    const busy = Array.from({ length: 8 }, () => sender.exec(["sleep", "16"]));
    const plan = { address: wire.address, port: 5555, count: 100, rate: 1000, payloadBytes: 64 };
    await expect(sendStream(sender, receiver, plan)).rejects.toMatchObject({
      code: "STREAM_FAILED",
      failed: expect.stringContaining("no longer waited"),
    });
    await Promise.all(busy);
  });

  test("an address that isn't the receiver's, a device that isn't there", async () => {
    await expect(wireOrStack(sender, receiver, { ...wire, address: "192.0.2.77" })).rejects.toMatchObject({
      code: "STREAM_FAILED",
    });
    await expect(wireOrStack(sender, receiver, { ...wire, receiverDevice: "eth7" })).rejects.toMatchObject({
      code: "NO_SUCH_DEVICE",
    });
  });
});
