import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { classifyDrops, dropEvents, dropSummary, type Frame, localhost } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { buildScene, clientAddress, closedPort, type Scene } from "../scene/topology.js";

const hostAddress = "203.0.113.1";
const hostAddress6 = "2001:db8:3::1";
const clientAddress6 = "2001:db8:3::30";

/** Datagrams from so many sockets to so many ports that nobody listens on. */
const datagrams = `
import socket, sys
address, sockets, ports = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for _ in range(sockets):
    one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    for port in range(ports):
        try: one.sendto(b"x", (address, ${closedPort} + port))
        except OSError: pass
`;

/** Drops what carries a VLAN tag where a device hands it to the stack, which would take the tag away. */
const refuseTagged = [
  "add table netdev refuse",
  "add chain netdev refuse tagged { type filter hook ingress device uplink0 priority 0; }",
  "add rule netdev refuse tagged vlan id 42 drop",
].join("\n");

/** A frame with a VLAN tag (priority 5, VLAN 42), an ARP request for a loopback address, an echo request with a wrong checksum, a SYN. */
const frames = `
import socket, struct, sys
ours, theirs = [bytes.fromhex(mac.replace(":", "")) for mac in sys.argv[1:3]]
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("eth0", 0))
a, b = socket.inet_aton("${clientAddress}"), socket.inet_aton("${hostAddress}")
def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff
def ip(protocol, data, tos, ttl, number):
    head = struct.pack("!BBHHHBBH", 0x45, tos, 20 + len(data), number, 0, ttl, protocol, 0) + a + b
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data
datagram = struct.pack("!HHHH", 4000, ${closedPort}, 8, 0)
wire.send(theirs + ours + struct.pack("!HHH", 0x8100, 5 << 13 | 42, 0x0800) + ip(17, datagram, 0x2e << 2, 33, 4711).ljust(46, b"\\0"))
arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + ours + a + bytes(6) + socket.inet_aton("127.0.0.7")
wire.send(theirs + ours + struct.pack("!H", 0x0806) + arp.ljust(46, b"\\0"))
wire.send(theirs + ours + struct.pack("!H", 0x0800) + ip(1, struct.pack("!BBHHH", 8, 0, 0xbad, 1, 1), 0, 64, 4712).ljust(46, b"\\0"))
socket.socket().connect_ex(("${hostAddress}", ${closedPort}))
`;

describeLive("drops in detail", ["root", "bpftrace", "tracing", "namespaces"], () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await buildScene("skd");
    await send(hostAddress, 1, 1);
    await send(hostAddress6, 1, 1);
  });
  afterAll(() => scene?.remove());

  const python = (program: string, ...args: (string | number)[]) =>
    execa("nsenter", [
      ...[`--net=/run/netns/${scene.client}`, "python3", "-c", program],
      ...args.map(String),
    ]);
  const send = (address: string, sockets: number, ports: number) =>
    python(datagrams, address, sockets, ports);
  const rows = (frame: Frame) => frame.values as (string | number | null)[][];

  test("dropSummary by flow: both versions of IP, each flow by itself", async () => {
    const seen = await dropSummary(localhost(), {
      seconds: 60,
      reason: "NO_SOCKET",
      by: ["device", "flow"],
      device: "uplink0",
      during: async () => {
        await send(hostAddress, 2, 2);
        await send(hostAddress6, 1, 2);
      },
    });
    expect(seen.schema.map(({ name }) => name)).toEqual(
      "device ip_version src src_port dst dst_port protocol drops".split(" "),
    );
    const flows = rows(seen).map((row) => [...row.slice(0, 3), ...row.slice(4)]);
    const four = ["uplink0", 4, clientAddress, hostAddress];
    const six = ["uplink0", 6, clientAddress6, hostAddress6];
    expect(flows.sort()).toEqual([
      [...four, closedPort, "UDP", 1],
      [...four, closedPort, "UDP", 1],
      [...four, closedPort + 1, "UDP", 1],
      [...four, closedPort + 1, "UDP", 1],
      [...six, closedPort, "UDP", 1],
      [...six, closedPort + 1, "UDP", 1],
    ]);
    expect(new Set(rows(seen).map((row) => row[3])).size).toBe(3);
    expect(seen.provenance.lost).toBe(0);
  });

  test("dropSummary by stack: the functions that led there, and all packets at their end", async () => {
    const seen = await dropSummary(localhost(), {
      seconds: 60,
      by: ["protocol", "site", "stack"],
      dst: hostAddress,
      during: () => send(hostAddress, 3, 10),
    });
    expect(rows(seen).length).toBeGreaterThan(0);
    for (const [protocol, site, stack] of rows(seen)) {
      expect([protocol, site]).toEqual(["UDP", "__udp4_lib_rcv"]);
      expect(stack).toMatch(/^\w+\+\d+ < .*__udp4_lib_rcv\+\d+ < ip_protocol_deliver_rcu\+\d+ < /);
    }
    expect(rows(seen).reduce((sum, row) => sum + Number(row[3]), 0)).toBe(30);
  });

  test("more flows than the kernel's map has room for: what finds none is lost, not unseen", async () => {
    const seen = await dropSummary(localhost(), {
      seconds: 120,
      by: ["flow"],
      dst: "127.0.0.9",
      protocol: "UDP",
      during: () => send("127.0.0.9", 2, 40_000),
    });
    const counted = rows(seen).reduce((sum, row) => sum + Number(row.at(-1)), 0);
    expect(rows(seen).length).toBe(65_536);
    expect(seen.provenance.lost).toBe(80_000 - counted);
  });

  test("dropEvents with headers: Ethernet, VLAN, ARP, IP, ICMP and TCP", async () => {
    const address = async (namespace: string, device: string) => {
      const { stdout } = await execa("ip", ["-n", namespace, "-j", "link", "show", device]);
      return (JSON.parse(stdout) as { address: string }[])[0]?.address as string;
    };
    await execa("nsenter", [`--net=/run/netns/${scene.host}`, "nft", "-f", "-"], { input: refuseTagged });
    const [ours, theirs] = [await address(scene.client, "eth0"), await address(scene.host, "uplink0")];
    const events = await dropEvents(localhost(), {
      seconds: 60,
      headers: true,
      device: "uplink0",
      during: () => python(frames, ours, theirs),
    });
    const seen = await events.sql(
      `SELECT ether_type, src, dst, protocol, vlan_id, vlan_priority, arp_op, ip_id, ttl, tos, tcp_flags, tcp_payload_bytes, icmp_type, icmp_code
       FROM this WHERE eth_src = '${ours}' AND eth_dst = '${theirs}' ORDER BY time_ns`,
    );
    const [vlan, arp, echo, syn] = rows(seen);
    const none = (count: number) => Array(count).fill(null);
    const ends = [clientAddress, hostAddress];
    expect(vlan).toEqual(["IPv4", ...ends, "UDP", 42, 5, null, 4711, 33, 0x2e << 2, ...none(4)]);
    expect(arp).toEqual(["ARP", clientAddress, "127.0.0.7", "ARP", null, null, 1, ...none(7)]);
    expect(echo).toEqual(["IPv4", ...ends, "ICMP", ...none(3), 4712, 64, 0, ...none(2), 8, 0]);
    expect(syn).toEqual([
      "IPv4",
      ...ends,
      "TCP",
      ...none(3),
      expect.any(Number),
      64,
      0,
      "SYN",
      0,
      ...none(2),
    ]);
    expect(rows(seen)).toHaveLength(4);
    const judged = await (await classifyDrops(events)).sql(
      "SELECT DISTINCT protocol, kind FROM this WHERE vlan_id IS NULL",
    );
    expect(rows(judged)).toContainEqual(["TCP", "suspicious"]);
  });
});
