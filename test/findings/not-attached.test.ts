import { expect, test } from "vitest";
import { Account } from "../../lib/probes/engine/account.js";
import { failureOf } from "../../lib/probes/engine/failure.js";

const outcome = {
  ...{ command: [], hooks: { wanted: [], attached: [], missing: [] }, layout: {}, exitCode: null },
  ...{ stderr: "Attaching 25 probes...", timedOut: true, connectionLost: false, leaseExpired: false },
};

test("a probe that had no time to attach says so, and which parameter gives it more", () => {
  const account = new Account({ hooks: ["tracepoint:skb:kfree_skb"], mapKeys: 1 });
  const failure = failureOf("dropReport", "h", outcome as never, { account, attachSeconds: 10 });
  expect(failure).toMatchObject({
    code: "DEADLINE",
    failed: expect.stringMatching(/not attached within attachSeconds: 10 s/),
    todo: expect.stringMatching(/attachSeconds: 40 \(300 at most\)/),
    details: { attachSeconds: 10 },
  });
});
