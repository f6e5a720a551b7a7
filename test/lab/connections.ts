import type { Host } from "../../lib/index.js";

/** Ports of a server that accepts late, of one whose listening socket is closed, and of one that accepts before the handshake has ended. */
export const [late, closing, early] = [5_501, 5_502, 5_503];
/** Connections that it accepts, and those that it leaves in the queue. */
export const [taken, left] = [8, 2];

const program = `
import ctypes, json, os, socket, subprocess, time
def listening(port):
  one = socket.socket(); one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
  one.bind(("127.0.0.1", port)); one.listen(32); return one
def client(port):
  before = time.monotonic_ns(); one = socket.create_connection(("127.0.0.1", port))
  return one, before, time.monotonic_ns()
late, closing = listening(${late}), listening(${closing})
kept, least, most = [client(${late})], 0, 0
open("/tmp/skbook-server", "w").write(str(os.getpid()))
while not os.path.exists("/tmp/skbook-go"): time.sleep(0.05)
kept.append(late.accept())
waiting = [client(${late}) for _ in range(${taken})]
for _, before, after in waiting:
  time.sleep(0.1)
  called = time.monotonic_ns(); kept.append(late.accept())
  least += called - after; most += time.monotonic_ns() - before
kept += [waiting] + [client(${late}) for _ in range(${left})] + [client(${closing})]
closing.close()
# A network of its own, in which the third packet of a handshake comes 2 s after the first.
assert ctypes.CDLL(None).unshare(0x40000000) == 0
for line in ("ip link set lo up", "tc qdisc add dev lo root netem delay 1s"): subprocess.run(line.split(), check=True)
# Client and server do TCP Fast Open, without a cookie.
open("/proc/sys/net/ipv4/tcp_fastopen", "w").write(str(0x207))
early = socket.socket(); early.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
early.bind(("127.0.0.1", ${early})); early.listen(5)
opener = socket.socket(); opener.setblocking(False)
try: opener.sendto(b"x", socket.MSG_FASTOPEN, ("127.0.0.1", ${early}))
except BlockingIOError: pass
kept.append(early.accept()); time.sleep(4)
json.dump({"least": least, "most": most}, open("/tmp/skbook-part", "w")); os.rename("/tmp/skbook-part", "/tmp/skbook-said")
time.sleep(600)
`;

/** A server under way. */
export interface Server {
  process: number;
  /** Makes connections and accepts them late. Says between which bounds all that waited has waited, in nanoseconds, by the server's own clock. */
  serve(): Promise<{ least: number; most: number }>;
  stop(): Promise<void>;
}

/** Starts a server, with a connection that waits already. */
export async function startServer(host: Host): Promise<Server> {
  const run = async (script: string, ...args: string[]) => {
    const { exitCode, stdout, stderr } = await host.exec(["sh", "-euc", script, "sh", ...args], {
      deadlineSeconds: 60,
    });
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
  };
  const until = (file: string) => `until [ -s ${file} ]; do sleep 0.1; done; cat ${file}`;
  const files = ["server", "go", "said"].map((name) => `/tmp/skbook-${name}`).join(" ");
  const began = `rm -f ${files}; setsid python3 -c "$1" >/dev/null 2>&1 </dev/null & ${until("/tmp/skbook-server")}`;
  const process = Number(await run(began, program));
  return {
    process,
    serve: async () => JSON.parse(await run(`: > /tmp/skbook-go; ${until("/tmp/skbook-said")}`)),
    stop: async () => {
      await run(`kill ${process}; rm -f ${files}`);
    },
  };
}
