import { expect, test } from "vitest";
import { connect, echoMesh, type Host, localhost } from "../../lib/index.js";
import { createFrame, type Value } from "../../lib/tables/index.js";
import { meshOf } from "../../probes/echo/mesh.js";
import { echoSummary } from "../../probes/index.js";
import { provenance } from "../figures/tables.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { countedInSoftirqs } from "../fixtures/softirqs.js";
import { startSshd } from "../fixtures/sshd.js";

const columns = echoSummary.definition.columns({ by: ["role", "asker", "answerer"] });
/** What a host saw of pings from 192.0.2.1 to 192.0.2.2, as counts by interval. */
const member = (role: "asker" | "answerer", counts: { [interval: string]: number }, lost = 0) => ({
  name: role,
  address: role === "asker" ? "192.0.2.1" : "192.0.2.2",
  seen: createFrame(
    [...columns],
    Object.entries(counts).map(([interval, count]) => {
      const row: { [name: string]: Value } = {
        role,
        asker: "192.0.2.1",
        answerer: "192.0.2.2",
        interval,
        count,
      };
      return columns.map(({ name }) => row[name] ?? (name === "avg_ns" ? 100 * count : null));
    }),
    { ...provenance(), lost },
  ),
});
const hosts = ["a", "b"].map((name) => ({ name }) as Host);
const between = (...members: Parameters<typeof meshOf>[0]) => rowsOf(meshOf(members))[0]?.between_avg_ns;

test("of a mesh, the time between is known where both saw the same pings, and not where as many", () => {
  const asker = { away: 19, unanswered: 1 };
  expect(between(member("asker", asker), member("answerer", { total: 19 }))).toBe(0);
  expect(between(member("asker", asker), member("answerer", { total: 20 }))).toBeNull();
  // One of its replies was lost on the way; of another ping it has no time.
  const other = member("answerer", { total: 19, unclear: 1 });
  expect(between(member("asker", asker), other)).toBeNull();
  expect(between(member("asker", asker), member("answerer", { total: 19 }, 1))).toBeNull();
});

test("a mesh is refused pings that take longer than a probe may, before a host is asked", async () => {
  const addresses = { a: "192.0.2.1", b: "192.0.2.2" };
  const wanted = echoMesh(hosts, { addresses, count: 3_481, intervalMs: 1_000 });
  await expect(wanted).rejects.toMatchObject({
    code: "BAD_PARAMETER",
    failed: expect.stringMatching(/3481 s .* 3480 s/),
  });
});

test("a mesh is refused an address with a zone, and what is none", async () => {
  for (const b of ["fe80::1%eth0", "192.0.2", "192.0.2.0/24"])
    await expect(echoMesh(hosts, { addresses: { a: "192.0.2.1", b } })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
      failed: expect.stringMatching(b.includes("%") ? /zone/ : /has to be an IPv4 or IPv6 address/),
    });
});

test("of a pair that the asker saw nothing of, nothing is known", () => {
  const rows = rowsOf(meshOf([member("asker", { away: 3 }), member("answerer", { total: 3 })]));
  expect(rows[0]).toMatchObject({ asker: "192.0.2.1", answered: 3, unanswered: 0, unsent: 0, unclear: 0 });
  const none = { answered: null, unanswered: null, unsent: null, unclear: null, between_avg_ns: null };
  expect(rows[1]).toMatchObject({ asker: "192.0.2.2", ...none });
});

describeLive("a mesh of pings", ["root", "bpftrace", "tracing", "sshd"], () => {
  test("says of each two hosts and direction what was answered, and where its time went", {
    ...countedInSoftirqs,
  }, async () => {
    const sshd = await startSshd();
    let there: Host | undefined;
    try {
      there = await connect(sshd.destination, sshd.options);
      const here = localhost();
      // Rows have addresses in one way of writing them.
      const addresses = { [here.name]: "::ffff:127.0.0.1", [there.name]: "127.0.0.2" };
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
      // What ping can't ask is told; the other direction has its rows.
      const far = { ...addresses, [there.name]: "203.0.113.9" };
      const unreached = await echoMesh([here, there], { addresses: far, count: 2 });
      expect(unreached.provenance.partial).toBe(true);
      expect(unreached.provenance.notes.join()).toMatch(
        /ping of .* from 203.0.113.9 to 127.0.0.1 ended with 2: .*Cannot assign requested address/,
      );
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
