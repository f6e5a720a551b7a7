import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { type Host, tcpRttSummary } from "../../lib/index.js";
import { against, type During, hasBcc, packets } from "./against-bcc.js";
import type { Figure } from "./figure.js";
import { here } from "./forwarding.js";

const seconds = 120;

/** What a segment costs with tcpRttSummary, by the kernel's statistics, against a BCC program at the same hook with the same key, as bcc's tcprtt is written. */
export default async function tcpCostBench(): Promise<Figure[]> {
  if (!hasBcc()) return [];
  const server = createServer({ noDelay: true }, (socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    const probe = (host: Host, during: During) => tcpRttSummary(host, { seconds, during });
    return await here((hosts) =>
      against("tcpRttSummary, a segment", ["rtt"], hosts, probe, () => exchange(port)),
    );
  } finally {
    server.close();
  }
}

/** Each message is a segment at both ends. */
async function exchange(port: number): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  for (let sent = 0; sent < packets; sent += 2) {
    socket.write("x");
    await once(socket, "data");
  }
  socket.end();
  await once(socket, "close");
}
