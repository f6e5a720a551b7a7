import { expect, test } from "vitest";
import { acceptSummary, listenSummary } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { closing, early, late, left, startServer, taken } from "./connections.js";
import { kernelVersions } from "./kernels.js";
import { sharedLab } from "./shared.js";

const patience = { seconds: 120, attachSeconds: 240 };

for (const kernel of kernelVersions) {
  describeLive(`connections to a server with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);

    test("wait for accept(2) as long as the server lets them", { timeout: 1_200_000 }, async () => {
      const { host } = lab();
      const server = await startServer(host);
      try {
        const { process } = server;
        let bounds = { least: 0, most: 0 };
        const seen = await acceptSummary(host, {
          ...{ ...patience, by: ["own_port", "process"], dst: "127.0.0.0/8" },
          during: async () => {
            bounds = await server.serve();
          },
        });
        expect(seen.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
        const rows = rowsOf(seen).filter(({ src_port }) => [late, closing, early].includes(Number(src_port)));
        expect(rows.map((row) => [row.src_port, row.process, row.interval, row.count]).sort()).toEqual(
          [
            [late, process, "waiting", taken],
            [late, process, "earlier", 1],
            [late, null, "open", left],
            [closing, null, "discarded", 1],
            [early, process, "unestablished", 1],
          ].sort(),
        );
        const total = Number(rows.find(({ interval }) => interval === "waiting")?.total_ns);
        // The kernel may have the end of a handshake after the client.
        expect(total).toBeGreaterThan(0.9 * bounds.least - taken * 1e6);
        expect(total).toBeLessThan(bounds.most);
        const queues = rowsOf(await listenSummary(host, { port: late, seconds: 1 }));
        expect(queues).toHaveLength(1);
        expect(queues[0]).toMatchObject({ limit: 32, queue_max: left, queue_last: left, drops: 0, process });
      } finally {
        await server.stop();
      }
    });
  });
}
