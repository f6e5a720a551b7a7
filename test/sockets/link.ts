import { once } from "node:events";
import { execa } from "execa";

/** What a link between two namespaces does to packets, in a process of its own: it needs no module of the kernel. */
export interface LinkFaults {
  /** One way. */
  delayMs?: number;
  /** Of the packets to the receiver with payload, one in so many is lost. */
  loseEvery?: number;
  /** Bits a second to the receiver, with a queue of so many bytes in front. */
  rate?: number;
  queueBytes?: number;
}

// Packets that the first device gets leave by the second one, and the other way round, when their time has come.
const program = `
import fcntl, heapq, os, select, struct, subprocess, sys, time
names, spaces = sys.argv[1:3], sys.argv[3:5]
delay, lose, rate, room = float(sys.argv[5]) / 1000, int(sys.argv[6]), float(sys.argv[7]), int(sys.argv[8])
devices = [os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK) for _ in range(2)]
for device, name, space in zip(devices, names, spaces):
    fcntl.ioctl(device, 0x400454CA, struct.pack("16sH", name.encode(), 0x1001))
    subprocess.run(["ip", "link", "set", name, "netns", space], check=True)
print("ready", flush=True)
waiting, number, seen, free = [], 0, 0, 0.0
while True:
    now = time.monotonic()
    while waiting and waiting[0][0] <= now:
        _, _, to, packet = heapq.heappop(waiting)
        try: os.write(devices[to], packet)
        except OSError: pass
    ready, _, _ = select.select(devices, [], [], max(0, waiting[0][0] - time.monotonic()) if waiting else None)
    for device in ready:
        way = devices.index(device)
        for _ in range(64):
            try: packet = os.read(device, 65536)
            except OSError: break
            now, number = time.monotonic(), number + 1
            due = now + delay
            if way == 0 and len(packet) > 100:
                seen += 1
                if lose and seen % lose == 0: continue
                if rate:
                    free = max(free, now)
                    if (free - now) * rate / 8 > room: continue
                    free += len(packet) * 8 / rate
                    due = free + delay
            heapq.heappush(waiting, (due, number, 1 - way, packet))
`;

/** Starts the link; its devices are in the namespaces when this returns, without addresses. */
export async function startLink(
  [from, to]: readonly [device: string, namespace: string][],
  { delayMs = 0, loseEvery = 0, rate = 0, queueBytes = 100_000 }: LinkFaults,
): Promise<{ stop(): Promise<void> }> {
  if (from === undefined || to === undefined) throw new Error("a link has two ends");
  const args = [from[0], to[0], from[1], to[1], delayMs, loseEvery, rate, queueBytes].map(String);
  const link = execa("python3", ["-c", program, ...args], { reject: false, buffer: false });
  const [said] = (await Promise.race([once(link.stdout, "data"), once(link, "exit")])) as [unknown];
  if (!String(said).startsWith("ready")) throw new Error("the link did not start");
  return {
    async stop() {
      link.kill("SIGKILL");
      await link;
    },
  };
}
