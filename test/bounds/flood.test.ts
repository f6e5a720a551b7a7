import { expect, test } from "vitest";
import { lines } from "../../lib/hosts/lines.js";
import { connect, localhost } from "../../lib/index.js";
import { parseRecord } from "../../lib/probes/engine/records.js";
import { describeLive } from "../fixtures/needs.js";
import { startSshd } from "../fixtures/sshd.js";

describeLive("a host that floods", ["sshd"], () => {
  test.each([
    ["rows without end", `yes '{"type": "printf", "data": "row:0\\t1\\t2\\t3\\n"}'`],
    ["one line without end", "tr '\\0' a < /dev/zero"],
    ["errors without end", "tr '\\0' a < /dev/zero >&2"],
  ])("with %s costs another host nothing: its lease holds", { concurrent: true }, async (_, flood) => {
    const sshd = await startSshd();
    const host = await connect(sshd.destination, sshd.options);
    // Longer than a lease without a beat.
    const other = host.exec(["sleep", "8"]);
    const execution = localhost().start(["sh", "-c", flood], { deadlineSeconds: 60 });
    let rows = 0;
    const reading = (async () => {
      for await (const batch of lines(execution, 2 ** 25, "read")) rows += batch.flatMap(parseRecord).length;
    })().catch((error) => error);
    expect(await other).toMatchObject({ exitCode: 0, leaseExpired: false });
    execution.stop();
    const error = await reading;
    if (error !== undefined) expect(error).toMatchObject({ code: "LINE_TOO_LONG" });
    const { stderr, leaseExpired } = await execution.ended;
    expect(leaseExpired).toBe(false);
    expect(stderr.length).toBeLessThanOrEqual(2 ** 20);
    if (flood.startsWith("yes")) expect(rows).toBeGreaterThan(100_000);
    await host.close();
    sshd.stop();
  });
});
