import { afterEach, expect, test, vi } from "vitest";
import { localhost } from "../../lib/index.js";

afterEach(() => vi.unstubAllEnvs());

test("what can't be started on this machine is no lost connection: the error says what is missing", async () => {
  vi.stubEnv("PATH", "/nowhere");
  await expect(localhost().exec(["true"])).rejects.toMatchObject({
    code: "COMMAND_NOT_STARTED",
    message: expect.stringContaining("ENOENT"),
  });
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2_592_000])(
  "a deadline of %d s, which no timer keeps, is refused",
  async (deadlineSeconds) => {
    await expect(localhost().exec(["true"], { deadlineSeconds })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
      failed: `deadlineSeconds is ${deadlineSeconds}`,
    });
  },
);
