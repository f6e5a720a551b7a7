import { execa } from "execa";
import { expect, test } from "vitest";
import { softnetOf } from "../../../lib/hosts/counters/softnet.js";
import { localhost, softnetCounters } from "../../../lib/index.js";

const reading = (at: string, ...lines: string[]) => ({
  sections: { at, softnet: lines.join("\n") },
  partial: false,
  recordingId: null,
});
const line = (processed: string, dropped: string, squeezed: string, tail: string) =>
  `${processed} ${dropped} ${squeezed} 0 0 0 0 0 0 0 0 ${tail}`;

test("each CPU has what it handled, dropped and left for later; past 32 bits it is counted on", () => {
  const frame = softnetOf(
    "h1",
    reading("100.00", line("fffffff0", "1", "2", "0 0"), line("10", "0", "0", "0 2")),
    reading("110.00", line("10", "b", "2", "1f 0"), line("74", "0", "7", "0 2")),
  );
  expect(frame.columns).toEqual([
    ...["cpu", "processed", "dropped", "time_squeeze", "received_rps", "flow_limit_count"],
    ...["processed_per_second", "backlog_packets"],
  ]);
  expect(frame.values).toEqual([
    [0, 32, 10, 0, 0, 0, 3.2, 31],
    [2, 100, 0, 7, 0, 0, 10, 0],
  ]);
});

test("of a kernel before 5.10 the backlog is unknown, and CPUs are in order", () => {
  const old = "5 0 0 0 0 0 0 0 0 0 0";
  const frame = softnetOf("h1", reading("1.00", old, old), reading("2.00", old, old));
  expect(frame.values).toEqual([
    [0, 0, 0, 0, 0, 0, 0, null],
    [1, 0, 0, 0, 0, 0, 0, null],
  ]);
});

test("datagrams over loopback are handled by some CPU", async () => {
  const frame = await softnetCounters(localhost(), {
    seconds: 30,
    during: () => execa("bash", ["-c", "for i in $(seq 200); do echo >/dev/udp/127.0.0.1/9; done"]),
  });
  const handled = await frame.sql("SELECT sum(processed) >= 400, bool_and(dropped = 0) FROM this");
  expect(handled.values).toEqual([[true, true]]);
});
