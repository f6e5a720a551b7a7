import { afterEach, beforeAll, expect, test } from "vitest";
import {
  live,
  localhost,
  socketPipeline,
  socketSamples,
  socketSummary,
  type Table,
} from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { someOf } from "../fixtures/sweep.js";
import type { LinkFaults } from "./link.js";
import {
  type Behaviour,
  buildSocketScene,
  receiverAddress,
  type SocketScene,
  setting,
  shape,
  startTransfer,
} from "./scene.js";
import { rowsOf } from "./text.js";

interface Scene extends Behaviour {
  title: string;
  /** A link with faults, else one that is as fast as the CPU. */
  link?: LinkFaults;
  /** A setting of the receiver. */
  set?: [name: string, value: string];
  /** Rate of a queueing discipline of the sender. */
  shaper?: string;
  limit: string;
  primary: string;
}

const away = { delayMs: 5 };
const scenes: Scene[] = [
  {
    title: "the application pauses",
    write: 200_000,
    writePauseMs: 50,
    limit: "application",
    primary: "sender: application",
  },
  {
    title: "a slow reader",
    read: 20_000,
    readPauseMs: 2,
    limit: "receiver window",
    primary: "receiver: reader",
  },
  {
    title: "a small send buffer, 10 ms away",
    link: away,
    sndbuf: 30_000,
    limit: "send buffer",
    primary: "sender: socket buffer",
  },
  {
    title: "a small receive buffer, 10 ms away",
    link: away,
    rcvbuf: 30_000,
    limit: "receiver window",
    primary: "receiver: receive buffer",
  },
  { title: "SO_MAX_PACING_RATE", pacing: 2_000_000, limit: "pacing", primary: "sender: path" },
  {
    title: "packets are lost, 10 ms away",
    link: { ...away, loseEvery: 60 },
    limit: "loss",
    primary: "sender: path",
  },
  {
    title: "a shaper at the sender",
    shaper: "20mbit",
    limit: "path",
    primary: "sender: path",
  },
  {
    title: "a bottleneck with a queue",
    link: { ...away, rate: 20e6 },
    limit: "path",
    primary: "sender: path",
  },
  {
    title: "a small receive buffer beside it",
    rcvbuf: 4_096,
    limit: "receiver window",
    primary: "receiver: receive buffer",
  },
  {
    title: "window scaling off",
    set: ["net.ipv4.tcp_window_scaling", "0"],
    link: { delayMs: 20 },
    limit: "receiver window",
    primary: "receiver: receive buffer",
  },
  {
    title: "a small tcp_rmem, 10 ms away",
    set: ["net.ipv4.tcp_rmem", "4096 32768 32768"],
    link: away,
    limit: "receiver window",
    primary: "receiver: receive buffer",
  },
  {
    title: "an application that writes little, 10 ms away",
    link: away,
    write: 1_000,
    writePauseMs: 3,
    limit: "application",
    primary: "sender: application",
  },
];

describeLive("transfers with a known limit", ["root", "namespaces", "python"], () => {
  let scene: SocketScene | undefined;
  beforeAll(() => live());
  afterEach(() => scene?.remove());

  async function bothEnds({ sender, receiver }: SocketScene, behaviour: Behaviour): Promise<[Table, Table]> {
    const port = 5_201;
    const transfer = await startTransfer({ sender, receiver }, port, behaviour);
    try {
      const sample = (netns: string) =>
        socketSamples(localhost(), { dst: receiverAddress, port, everyMs: 100, seconds: 1.5, netns });
      return await Promise.all([sample(sender), sample(receiver)]);
    } finally {
      await transfer.stop();
    }
  }

  test.each(someOf("scenes of transfers", scenes, 6))(
    "$title: Summary and Pipeline name $limit",
    async ({ link, set, shaper, limit, primary, ...behaviour }) => {
      scene = await buildSocketScene("limits", link);
      if (set !== undefined) await setting(scene.receiver, ...set);
      if (shaper !== undefined) await shape(scene.sender, shaper);
      const [sender, receiver] = await bothEnds(scene, behaviour);
      const [row] = await rowsOf((await socketSummary(sender)).connections);
      const pipeline = await socketPipeline(sender, receiver);
      expect(
        { summary: row?.limit, pipeline: pipeline.limit, primary: pipeline.primary },
        String(pipeline),
      ).toEqual({
        ...{ summary: limit, pipeline: limit, primary },
      });
      if (shaper === undefined) expect(row?.queue_rate_by).toBeNull();
      else {
        expect(row).toMatchObject({ queue_rate_by: "tbf on eth0", queue_bits_per_second: 20_000_000 });
        expect(pipeline.verdict).toContain(
          "its sender's own queueing discipline carried no more (tbf on eth0: 20 Mbit/s)",
        );
      }
    },
  );
});
