import { expect, test } from "vitest";
import { connect, echoMesh, type Host, localhost } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { countedInSoftirqs } from "../fixtures/softirqs.js";
import { startSshd } from "../fixtures/sshd.js";

describeLive("a mesh of pings", ["root", "bpftrace", "tracing", "sshd"], () => {
  test("says of each two hosts and direction what was answered, and where its time went", {
    ...countedInSoftirqs,
  }, async () => {
    const sshd = await startSshd();
    let there: Host | undefined;
    try {
      there = await connect(sshd.destination, sshd.options);
      const here = localhost();
      const addresses = { [here.name]: "127.0.0.1", [there.name]: "127.0.0.2" };
      const mesh = await echoMesh([here, there], { addresses, count: 25, intervalMs: 20 });
      expect(mesh.provenance).toMatchObject({ source: "echoMesh", lost: 0 });
      const rows = rowsOf(mesh);
      const none = { answered: 25, unanswered: 0, unsent: 0, unclear: 0 };
      expect(rows).toMatchObject([
        {
          asker_host: here.name,
          answerer_host: there.name,
          asker: "127.0.0.1",
          answerer: "127.0.0.2",
          ...none,
        },
        {
          asker_host: there.name,
          answerer_host: here.name,
          asker: "127.0.0.2",
          answerer: "127.0.0.1",
          ...none,
        },
      ]);
      for (const row of rows) {
        const parts = ["stack_out", "between", "answer", "reply_out", "stack_in"];
        const times = parts.map((part) => Number(row[`${part}_avg_ns`]));
        expect(Math.min(...times)).toBeGreaterThan(0);
        expect(row.most).toBe(parts[times.indexOf(Math.max(...times))]);
      }
      await expect(
        echoMesh([here, there], { addresses: { [here.name]: "127.0.0.1" } }),
      ).rejects.toMatchObject({
        code: "BAD_PARAMETER",
      });
      await expect(echoMesh([here], { addresses })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    } finally {
      await there?.close();
      sshd.stop();
    }
  });
});
