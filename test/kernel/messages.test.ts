import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dealer, Subscriber } from "zeromq";
import { address, decode, newHeader, Sender } from "../../kernel/wire/index.js";
import { Wiretap } from "./wiretap.js";

const tap = new Wiretap();
beforeAll(() => tap.connected());
afterAll(() => tap.end());

const types = (messages: { header: { msg_type: string } }[]) => messages.map(({ header }) => header.msg_type);

test("who subscribes before anything was asked hears its welcome, then that the kernel is starting", async () => {
  await tap.until(() => tap.broadcasts.length >= 2);
  const [welcome, status] = tap.broadcasts;
  expect(welcome?.header.msg_type).toBe("iopub_welcome");
  expect(status?.content).toEqual({ execution_state: "starting" });
});

test("a comm that is opened is closed again at once: nobody is at its other end", async () => {
  const opened = tap.send("shell", "comm_open", { comm_id: "c1", target_name: "widget", data: {} });
  await tap.done(opened);
  const said = tap.broadcastsOf(opened);
  expect(types(said)).toEqual(["status", "comm_close", "status"]);
  expect(said[1]?.content).toEqual({ comm_id: "c1", data: {} });
  expect(tap.repliesTo(opened)).toEqual([]);
});

test("a comm of skbook's own answers questions with their numbers, while a cell waits too", async () => {
  const running = tap.send("shell", "execute_request", {
    code: `const shared = globalThis as any;
const answerers = (shared[Symbol.for("skbook.answerers")] ??= new Map());
answerers.set("test", async (question: unknown) => {
  if (question === "bad") throw new Error("no such thing");
  return { echo: question };
});
console.log("ready");
await new Promise((resolve) => setTimeout(resolve, 2000));`,
    silent: false,
  });
  await tap.until(() => tap.broadcastsOf(running).some(({ header }) => header.msg_type === "stream"));
  await tap.done(tap.send("shell", "comm_open", { comm_id: "own", target_name: "skbook", data: {} }));
  const ask = async (data: object) => {
    const asked = tap.send("shell", "comm_msg", { comm_id: "own", data });
    await tap.done(asked);
    return tap.broadcastsOf(asked).find(({ header }) => header.msg_type === "comm_msg")?.content;
  };
  expect(await ask({ number: 7, about: "test", question: "hello" })).toEqual({
    comm_id: "own",
    data: { number: 7, answer: { echo: "hello" } },
  });
  expect(await ask({ number: 8, about: "test", question: "bad" })).toEqual({
    comm_id: "own",
    data: { number: 8, error: "no such thing" },
  });
  expect(await ask({ number: 9, about: "nothing" })).toMatchObject({
    data: { number: 9, error: expect.stringContaining("run the cell again") },
  });
  expect(tap.broadcastsOf(running).some(({ content }) => content.execution_state === "idle")).toBe(false);
  const info = tap.send("shell", "comm_info_request", {});
  await tap.until(() => tap.repliesTo(info).length > 0);
  expect(tap.repliesTo(info)[0]?.content).toEqual({
    status: "ok",
    comms: { own: { target_name: "skbook" } },
  });
  const others = tap.send("shell", "comm_info_request", { target_name: "jupyter.widget" });
  await tap.until(() => tap.repliesTo(others).length > 0);
  expect(tap.repliesTo(others)[0]?.content).toEqual({ status: "ok", comms: {} });
  await tap.done(running);
  await tap.done(tap.send("shell", "comm_close", { comm_id: "own", data: {} }));
  expect(await ask({ number: 10, about: "test", question: "hello" })).toBeUndefined();
});

test.each([
  ["comm_msg", { comm_id: "c1", data: {} }],
  ["comm_close", { comm_id: "c1", data: {} }],
  ["frobnicate_request", { code: "1" }],
])("%s makes no noise: busy, idle, and no reply", async (type, content) => {
  const running = tap.send("shell", "execute_request", {
    code: "await new Promise((resolve) => setTimeout(resolve, 300));",
    silent: false,
  });
  const request = tap.send("shell", type, content);
  await Promise.all([tap.done(request), tap.done(running)]);
  expect(tap.broadcastsOf(request).map(({ content }) => content.execution_state)).toEqual(["busy", "idle"]);
  expect(tap.repliesTo(request)).toEqual([]);
  expect(types(tap.broadcastsOf(running))).toEqual(["status", "execute_input", "status"]);
});

test("an aborted request has one reply, one busy, one idle and nothing else", async () => {
  const failing = tap.send("shell", "execute_request", { code: "throw new Error('stop')", silent: false });
  const behind = tap.send("shell", "execute_request", { code: "1", silent: false });
  expect((await tap.answered(failing)).status).toBe("error");
  expect((await tap.answered(behind)).status).toBe("aborted");
  expect((await tap.answered(tap.send("shell", "kernel_info_request", {}))).status).toBe("ok");
  expect(tap.repliesTo(behind)).toHaveLength(1);
  expect(tap.broadcastsOf(behind).map(({ content }) => content.execution_state)).toEqual(["busy", "idle"]);
});

test("a message whose signature is wrong is not heard", async () => {
  const stranger = new Dealer();
  stranger.connect(address(tap.connection, "shell"));
  const ask = (key: string) => {
    const header = newHeader("kernel_info_request", "stranger");
    void new Sender(stranger, key).send({ identities: [], header, parent: {}, metadata: {}, content: {} });
    return header;
  };
  ask("another key");
  await delay(100);
  const heard = ask(tap.connection.key);
  expect(decode(await stranger.receive(), tap.connection.key)?.parent.msg_id).toBe(heard.msg_id);
  stranger.close();
});

test("every new subscriber is welcomed, under the topic that it wants", async () => {
  for (const topic of ["", "stream"]) {
    const subscriber = new Subscriber();
    subscriber.connect(address(tap.connection, "iopub"));
    subscriber.subscribe(topic);
    const welcome = decode(await subscriber.receive(), tap.connection.key);
    expect(welcome).toMatchObject({
      header: { msg_type: "iopub_welcome" },
      parent: {},
      content: { subscription: topic },
    });
    subscriber.close();
  }
});

test("shutdown over control says whether it is a restart, also while a cell computes, and the kernel ends", async () => {
  const loop = tap.send("shell", "execute_request", { code: "console.log('looping'); for (;;);" });
  await tap.until(() => types(tap.broadcastsOf(loop)).includes("stream"));
  const exited = once(tap.kernel, "exit");
  const request = tap.send("control", "shutdown_request", { restart: true });
  expect(await tap.answered(request)).toEqual({ status: "ok", restart: true });
  await exited;
});
