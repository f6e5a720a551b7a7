import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";

/** What must never leave a host: it stands on the command line of the machine. */
export const secret = "correct-horse-battery";

/** Opens a tap with two queues as QEMU does, says their descriptors, and waits. */
const program = `#!/usr/bin/python3
import fcntl, os, struct, sys
TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_MULTI_QUEUE = 0x400454CA, 2, 0x1000, 0x100
queues = [os.open("/dev/net/tun", os.O_RDWR) for _ in range(2)]
for queue in queues:
    fcntl.ioctl(queue, TUNSETIFF, struct.pack("16sH", b"skp-tap", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE))
print(*queues, flush=True)
sys.stdin.read()
`;

/**
 * A bridge in one namespace, with a tap of a process that has QEMU's name and options, and a second bridge behind it whose port leads to
 * another namespace:
 *
 *     machine --- skp-tap --- skp-br0 --- skp-p0 = skp-p1 --- skp-br1 --- skp-v0 = eth0 [skp-app]
 */
export interface BridgeScene {
  host: string;
  app: string;
  pid: number;
  queues: number[];
  remove(): Promise<void>;
}

export async function buildBridges(): Promise<BridgeScene> {
  const [host, app] = ["skp-host", "skp-app"];
  let stop = async () => {};
  const remove = async () => {
    await stop();
    for (const name of [host, app]) await execa("ip", ["netns", "del", name], { reject: false });
  };
  await remove();
  const folder = mkdtempSync(join(tmpdir(), "skbook-topology-"));
  try {
    for (const line of [
      ...[`netns add ${host}`, `netns add ${app}`],
      `-n ${host} link add skp-v0 type veth peer name eth0 netns ${app}`,
      `-n ${host} link add skp-p0 type veth peer name skp-p1`,
      ...["skp-br0", "skp-br1"].map((name) => `-n ${host} link add ${name} type bridge`),
      `-n ${host} tuntap add skp-tap mode tap multi_queue`,
      ...["skp-tap", "skp-p0"].map((name) => `-n ${host} link set ${name} master skp-br0`),
      ...["skp-p1", "skp-v0"].map((name) => `-n ${host} link set ${name} master skp-br1`),
      ...["skp-tap", "skp-p0", "skp-p1", "skp-v0", "skp-br0", "skp-br1"].map(
        (name) => `-n ${host} link set ${name} up`,
      ),
      `-n ${app} link set eth0 up`,
      `-n ${host} addr add 198.51.100.1/24 dev skp-br1`,
      `-n ${app} addr add 198.51.100.2/24 dev eth0`,
    ]) {
      await execa("ip", line.split(" "));
    }
    const file = join(folder, "qemu-system-skp");
    writeFileSync(file, program);
    chmodSync(file, 0o755);
    const machine = spawn("nsenter", [`--net=/run/netns/${host}`, file, ...options], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const gone = once(machine, "close");
    stop = async () => {
      machine.kill();
      await gone;
    };
    const [said] = (await once(createInterface(machine.stdout), "line")) as [string];
    rmSync(folder, { recursive: true });
    return {
      host,
      app,
      pid: machine.pid as number,
      queues: said.split(" ").map(Number),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

const options = [
  ...["-name", "guest=web,debug-threads=on", "-uuid", "6a1d-4c"],
  ...["-object", `secret,id=s,data=${secret}`, "-vnc", `:1,password=${secret}`],
  ...["-netdev", `{"type":"tap","ifname":"skp-tap","queues":2,"helper":"/x --key ${secret}","id":"net0"}`],
  ...["-device", `virtio-net-pci,netdev=net0,mac=02:00:00:00:00:01,x-note=a,,id=${secret}`],
  ...["-netdev", `user,id=net1,guestfwd=tcp:192.0.2.1:1-cmd:${secret}`, "-device", "e1000,netdev=net1"],
  ...["-device", `usb-x,serial=${secret}`, "-append", `password=${secret} -name ${secret}`],
];
