import { expect, test } from "vitest";
import { Account } from "../../lib/probes/engine/account.js";
import { failureOf } from "../../lib/probes/engine/failure.js";

const outcome = {
  ...{ command: [], hooks: { wanted: [], attached: [], missing: [] }, layout: {}, exitCode: null },
  ...{ stderr: "Attaching 25 probes...", timedOut: true, connectionLost: false, leaseExpired: false },
};

const account = new Account({ hooks: ["tracepoint:skb:kfree_skb"], mapKeys: 1 });

test("a probe that had no time to attach says so, and which parameter gives it more", () => {
  const failure = failureOf("dropReport", "h", outcome as never, { account, attachSeconds: 10 });
  expect(failure).toMatchObject({
    code: "DEADLINE",
    failed: expect.stringMatching(/not attached within attachSeconds: 10 s/),
    todo: expect.stringMatching(/attachSeconds: 40 \(300 at most\)/),
    details: { attachSeconds: 10 },
  });
});

test("a program that bpftrace itself refuses for its types says so, and what to do about it", () => {
  const refusals = [
    "stdin:3:5-28: ERROR: Type mismatch for $proto: trying to assign value of type 'uint64' when variable already contains a value of type 'int64'",
    'stdin:6:11-21: ERROR: Cannot cast from struct type "struct _tracepoint_tcp_tcp_probe"',
  ];
  const todo = (stderr: string) =>
    failureOf("dropEvents", "h", { exitCode: 1, stderr } as never, {
      account: account,
      attachSeconds: 10,
    })?.todo;
  for (const stderr of refusals)
    expect(todo(stderr)).toMatch(/bpftrace refuses the program, not the kernel: install/);
  expect(todo("ERROR: Error attaching probe: kprobe:ip_rcv")).toMatch(/may lack a hook/);
});
