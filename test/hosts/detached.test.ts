import { describe, expect, test } from "vitest";
import { SkbookError } from "../../lib/errors/index.js";
import { ConnectedHost } from "../../lib/hosts/connected-host.js";
import { detachedNotes } from "../../lib/hosts/detached.js";
import { localTransport } from "../../lib/hosts/local.js";
import type { Transport } from "../../lib/hosts/transport.js";
import { capture, dropSummary, localhost } from "../../lib/index.js";
import { bpf, defineRows, field } from "../../lib/probes/index.js";
import { enterCell } from "../fixtures/cell.js";
import { describeLive } from "../fixtures/needs.js";
import { processesWith } from "../fixtures/processes.js";

/** This machine, save that its answer to whether a process group is gone is another one. */
function answering(answer: () => string): ConnectedHost {
  const transport: Transport = {
    ...localTransport,
    async open(command, use, patience) {
      const isProof = use === "check" && command[2]?.includes("echo gone");
      return localTransport.open(isProof ? ["echo", answer()] : command, use, patience);
    },
  };
  return new ConnectedHost("h1", transport);
}

const stays = () => answering(() => "alive");
const breaks = () =>
  answering(() => {
    throw new Error("no session for the check");
  });

describe("the end of a command", () => {
  test("that is proved needs no words", () => {
    expect(detachedNotes("h1", { detached: "proved", connectionLost: false, group: 4711 })).toEqual([]);
  });

  test.each([
    ["alive", { detached: "alive", connectionLost: false, group: 4711 }],
    ["not checked", { detached: "unknown", connectionLost: false, group: 4711 }],
    ["out of reach", { detached: "unknown", connectionLost: true, group: 4711 }],
    ["out of reach before its group was known", { detached: "unknown", connectionLost: true, group: null }],
    ["of an older case", { detached: "unknown", connectionLost: false }],
  ] as const)("%s: its note says what is known and how to look", (_, end) => {
    expect(detachedNotes("h1", end)).toMatchSnapshot();
  });

  test("says its process group", async () => {
    const host = answering(() => "gone");
    const { stdout, group, notes } = await host.exec(["sh", "-c", "cut -d' ' -f5 /proc/$$/stat"]);
    expect(group).toBe(Number(stdout));
    expect(notes).toEqual([]);
  });

  test("is in the notes of what it said, where it isn't proved", async () => {
    const alive = await stays().exec(["true"]);
    expect(alive).toMatchObject({ exitCode: 0, detached: "alive" });
    expect(alive.notes).toEqual([expect.stringMatching(/^WARNING: .* still runs/)]);
    expect(alive.notes[0]).toContain(`$2 == ${alive.group}'`);
    const unknown = await breaks().exec(["true"]);
    expect(unknown.detached).toBe("unknown");
    expect(unknown.notes).toEqual([expect.stringMatching(/^it is not proved .* the check itself failed/)]);
  });

  test("is in the error where there is no result, which never says that all is stopped", async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 300);
    const call = stays().exec(["sleep", "60"], { signal: abort.signal });
    await expect(call).rejects.toMatchObject({
      code: "INTERRUPTED",
      todo: expect.stringMatching(/^WARNING: /),
      details: { detached: "alive" },
    });
    await expect(call).rejects.not.toThrow(/is stopped/);
  });
});

/** This machine, whose sessions end without saying how: as one that was given up, or a connection that breaks. */
function silent(check: () => string): ConnectedHost {
  const transport: Transport = {
    ...localTransport,
    async open(command, use, patience) {
      if (use === "check") return localTransport.open(["echo", check()], use, patience);
      const channel = await localTransport.open(command, use, patience);
      return { ...channel, end: channel.end.then(() => ({ exitCode: null, signal: null, lost: null })) };
    },
  };
  return new ConnectedHost("h1", transport);
}

describe("a session that ends without saying how", () => {
  test("was given up where the connection stands, which says whether the command is alive", async () => {
    const end = await silent(() => "alive").exec(["true"]);
    expect(end).toMatchObject({ exitCode: null, connectionLost: false, detached: "alive" });
  });

  test("is a broken connection where that is gone", async () => {
    const host = silent(() => {
      throw new SkbookError({
        code: "CONNECTION_LOST",
        tried: "ask",
        failed: "gone",
        todo: "connect() again",
      });
    });
    const end = await host.exec(["true"]);
    expect(end).toMatchObject({ exitCode: null, connectionLost: true, detached: "unknown" });
  });
});

describeLive("the end of a capture", ["root", "dumpcap"], () => {
  test("that is alive is in its notes", async () => {
    const { provenance } = await capture(stays(), { device: "lo", seconds: 1 });
    expect(provenance.details.detached).toBe("alive");
    expect(provenance.notes[0]).toMatch(/^WARNING: what was started on h1 still runs there/);
  });
});

describeLive("the end of a probe", ["root", "bpftrace", "tracing"], () => {
  test.each([
    ["alive", stays, /^WARNING: what was started on h1 still runs there: its process group \d+ /],
    ["unknown", breaks, /^it is not proved that its process group \d+ on h1 is gone/],
  ])("that is %s is the first of its notes", async (detached, host, note) => {
    const { provenance } = await dropSummary(host(), { seconds: 1 });
    expect(provenance.details.detached).toBe(detached);
    expect(provenance.notes[0]).toMatch(note);
  });

  test("that is alive is in the error of one that was interrupted, or whose `during` failed", async () => {
    const cell = enterCell("a");
    const interrupted = dropSummary(stays(), { seconds: 20, during: () => cell.interrupt() });
    await expect(interrupted).rejects.toMatchObject({
      code: "INTERRUPTED",
      todo: expect.stringMatching(/^WARNING: /),
    });
    cell();
    const failed = dropSummary(stays(), { seconds: 20, during: () => Promise.reject(new Error("no")) });
    await expect(failed).rejects.toMatchObject({
      code: "DURING_FAILED",
      todo: expect.stringMatching(/correct it .*; WARNING: /),
    });
  });

  test("comes at once where its rows can't be kept", async () => {
    const reason = 1_000_000 + process.pid;
    const probe = defineRows({
      name: "unkept",
      measures: "nothing",
      hooks: { required: ["tracepoint:skb:kfree_skb"] },
      fields: [field({ name: "a", type: "NO_TYPE" as never, meaning: "none", say: () => 1 })],
      program: () => bpf`tracepoint:skb:kfree_skb / args->reason == ${reason} / { @a = count(); }`,
    });
    await expect(probe(localhost(), { seconds: 60 })).rejects.toThrow();
    expect(processesWith(String(reason), "bpftrace ")).toEqual([]);
  });
});
