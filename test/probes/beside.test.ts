import { expect, test } from "vitest";
import { SkbookError } from "../../lib/errors/index.js";
import { beside, missingOf, type Part } from "../../probes/beside.js";

const log: string[] = [];
const looks = (name: string): Part<string> => ({
  name,
  run: async (during) => {
    log.push(`${name} begins`);
    await during();
    log.push(`${name} ends`);
    return name;
  },
});
const fails = (name: string, error: unknown): Part<string> => ({ name, run: () => Promise.reject(error) });
const errorOf = (code: string) =>
  new SkbookError({ code, tried: "run", failed: "too long", todo: "ask less" });
const ran = async <Result>(work: () => Promise<Result>) => {
  log.length = 0;
  const result = await work().catch((error) => error);
  return [result, [...log]] as const;
};
const done = async () => {
  log.push("done");
};

test("parts begin one after the other, and end with what is done; one that fails is a note", async () => {
  const parts = {
    first: looks("first"),
    refused: fails("refused", errorOf("VERIFIER_REFUSED")),
    none: undefined,
    last: looks("last"),
  };
  const [outcomes, order] = await ran(() => beside(parts, done));
  expect(order.slice(0, 3)).toEqual(["first begins", "last begins", "done"]);
  expect(order.slice(3).sort()).toEqual(["first ends", "last ends"]);
  expect(outcomes).toMatchObject({ first: { seen: "first" }, last: { seen: "last" } });
  expect(missingOf(outcomes)).toEqual([
    { note: "refused is missing: VERIFIER_REFUSED: too long; ask less", code: "VERIFIER_REFUSED" },
  ]);
});

test.each([errorOf("INTERRUPTED"), errorOf("BAD_PARAMETER"), new TypeError("ours")])(
  "nothing is done where a part fails by %s, and the others end",
  async (error) => {
    const parts = { first: looks("first"), wrong: fails("wrong", error), last: looks("last") };
    expect(await ran(() => beside(parts, done))).toEqual([error, ["first begins", "first ends"]]);
  },
);

test("where what is done fails, parts end, and it is the error", async () => {
  const error = new Error("during");
  const [thrown, order] = await ran(() => beside({ only: looks("only") }, () => Promise.reject(error)));
  expect([thrown, order]).toEqual([error, ["only begins", "only ends"]]);
});
