import { describe, expect, test } from "vitest";
import { type Done, verdicts } from "../lab/latency/compare.js";
import type { Look, Seen, Spread } from "../lab/latency/fault.js";

const spread = (label: string, ms: number, count = 100): Spread => ({
  ...{ label, count },
  p50: [ms * 0.9e6, ms * 1.1e6],
  p90: [ms * 0.9e6, ms * 1.1e6],
  p99: [ms * 1.8e6, ms * 2.2e6],
});
const seen = (...spreads: Spread[]): Seen => ({ spreads, lost: 0, odd: [] });
const look: Look = {
  watch: { probe: "none", watch: () => Promise.reject(new Error("not asked")) },
  grows: [{ label: "queue" }],
  counts: "queue",
};
const done = (ms: number, count = 100): Done => ({ count, tookMs: { p50: ms, p99: ms } });
const found = (before: Seen, now: Seen, late = done(30)) =>
  verdicts(look, 30, { before: { seen: [before], done: done(0) }, now: { seen: [now], done: late } }, 0);
const said = (...given: Parameters<typeof found>) => found(...given).map(({ verdict }) => verdict);

describe("what is said of a probe beside a delay of 30 ms", () => {
  const before = seen(spread("queue", 0.1), spread("other", 0.1));

  test("ok where its row grew by it, and no other did", () => {
    expect(said(before, seen(spread("queue", 30), spread("other", 0.2)))).toEqual(["ok", "ok"]);
  });

  test("wrong where it grew by more or less, and where nothing was seen", () => {
    expect(said(before, seen(spread("queue", 20)))[0]).toBe("grew too little");
    expect(said(before, seen(spread("queue", 45)))[0]).toBe("grew too much");
    expect(said(before, seen(spread("other", 0.1)))[0]).toMatch(/^0 samples of queue/);
  });

  test("held against what was injected: a timer may have been late, and the fault may not have been there", () => {
    expect(said(before, seen(spread("queue", 45)), done(45))).toEqual(["ok", "ok"]);
    expect(said(before, seen(spread("queue", 30)), done(45))[0]).toBe("grew too little");
    expect(said(before, seen(spread("queue", 20)), done(20))[0]).toBe("the fault was not in place");
  });

  test("held against those that are late, where its row has other samples, too", () => {
    const half = (ms: number): Spread => ({ ...spread("queue", 0.1, 200), p90: [ms * 0.9e6, ms * 1.1e6] });
    const mixed: Look = { ...look, grows: [{ label: "queue", at: "p90", by: "p50" }], counts: "other" };
    const now = (ms: number) => ({ seen: [seen(half(ms), spread("other", 0.1))], done: done(30) });
    const words = (ms: number) =>
      verdicts(mixed, 30, { before: { ...now(0.1), done: done(0) }, now: now(ms) }, 0);
    expect(words(30).map(({ verdict }) => verdict)).toEqual(["ok", "ok"]);
    expect(words(20)[0]).toMatchObject({ label: "queue (p90)", verdict: "grew too little" });
  });

  test("wrong where another row grew, or one came that was not there", () => {
    const late = found(before, seen(spread("queue", 30), spread("other", 10)));
    expect(late[1]).toMatchObject({ verdict: "others grew", beside: [expect.stringContaining("other by")] });
    expect(said(before, seen(spread("queue", 30), spread("new", 10)))[1]).toBe("others grew");
  });

  test("wrong where packets are missing, or the books are not as they have to be", () => {
    const now = seen(spread("queue", 30));
    expect(said(before, now, done(30, 99))[0]).toBe("100 samples of queue where 99 were counted");
    expect(said(before, { ...now, lost: 3 })).toEqual(["lost 3", "lost 3"]);
    expect(said(before, { ...now, odd: ["2 strayed"] })[0]).toBe("2 strayed");
    // A machine that is too busy loses some, and is asked again: where nothing was lost, what is wrong stays wrong.
    expect(found(before, { ...now, lost: 3 })[0]?.again).toBe(true);
    expect(found(before, { ...now, odd: ["2 strayed"] })[0]?.again).toBe(false);
  });
});
