import { expect, test } from "vitest";
import {
  bufferFillOverTime,
  limitsOverTime,
  socketBuffers,
  socketRates,
  socketRatesOverTime,
  socketRttOverTime,
  socketWindows,
  socketWindowsOverTime,
} from "../../lib/index.js";
import { log, type Moment, samplesOf } from "../sockets/text.js";

const moments = (count: number, own: Partial<Moment> = {}): Moment[] =>
  Array.from({ length: count }, (_, n) => ({
    ...own,
    memory: { r: 100 * n, rb: 1_000, w: 500, tb: 1_000 },
    recvQ: 50 * n,
    tokens: `rtt:${10 + n}/1 minrtt:10 cwnd:10 unacked:4 snd_wnd:64000 bytes_acked:${1 + 125_000 * n} bytes_received:0 busy:${1_000 * n}ms rwnd_limited:${250 * n}ms notsent:50000 pacing_rate 2000000bps delivery_rate 1000000bps`,
  }));
const samples = (count = 4) => samplesOf(log(moments(count)));
const points = (figure: { data: { name?: string; y?: unknown }[] }) =>
  Object.fromEntries(figure.data.map(({ name, y }) => [name, y]));

test("limitsOverTime stacks shares that add up to 1; only limits that had any are there", async () => {
  const figure = await limitsOverTime(await socketWindows(await samples()));
  expect(points(figure)).toEqual({ "receiver window": [0.25, 0.25, 0.25], path: [0.75, 0.75, 0.75] });
  expect(figure.data[0]).toMatchObject({ type: "bar", x: [0.5, 1.5, 2.5], width: [1, 1, 1] });
  expect(figure.layout).toMatchObject({ barmode: "stack", yaxis: { range: [0, 1] } });
  expect(await figure.svg()).toMatch(/^<svg/);
  const long = await limitsOverTime(await socketWindows(await samples(600)));
  const bars = long.data.map(({ x }) => x as number[])[0];
  expect(bars?.length).toBeLessThanOrEqual(251);
  expect(bars?.length).toBeGreaterThan(100);
  expect(JSON.stringify(long.layout.title)).toMatch(/a bar for each/);
});

test("windows, rates and round trips are lines in the units of their columns", async () => {
  const windows = await socketWindowsOverTime(await socketWindows(await samples()));
  expect(points(windows)).toEqual({
    ...{ "peer's window": [64_000, 64_000, 64_000], "congestion window": [14_480, 14_480, 14_480] },
    "in flight": [5_792, 5_792, 5_792],
  });
  const rates = await socketRates(await samples());
  expect(points(await socketRatesOverTime(rates))).toEqual({
    ...{
      pacing: [2e6, 2e6, 2e6],
      delivery: [1e6, 1e6, 1e6],
      received: [0, 0, 0],
      acknowledged: [1e6, 1e6, 1e6],
    },
  });
  expect(points(await socketRttOverTime(rates))).toEqual({
    ...{ shortest: [10_000, 10_000, 10_000], smoothed: [11_000, 12_000, 13_000] },
  });
});

test("buffers of both ends are on one axis", async () => {
  const buffers = await socketBuffers(await samples());
  expect(points(await bufferFillOverTime(buffers, buffers))).toEqual({
    "sender: send memory": [0.5, 0.5, 0.5, 0.5],
    "receiver: receive memory": [0, 0.1, 0.2, 0.3],
    "receiver: unread": [0, 0.05, 0.1, 0.15],
  });
});

test("what is unknown is not drawn, and of several connections or another table nothing is", async () => {
  const unknown = await samplesOf(log([1, 2].map((n) => ({ tokens: `cwnd:${n}` }))));
  const figure = await limitsOverTime(await socketWindows(unknown));
  expect(figure.data).toEqual([]);
  expect(JSON.stringify(figure.layout.annotations)).toMatch(/unknown: the kernel or ss/);
  const two = await samplesOf(log(moments(3).map((one) => [one, { ...one, own: "192.0.2.1:9", sk: "2" }])));
  await expect(limitsOverTime(await socketWindows(two))).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  await expect(socketRttOverTime(two)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  await expect(socketRatesOverTime(await samples())).rejects.toMatchObject({ code: "BAD_PARAMETER" });
});
