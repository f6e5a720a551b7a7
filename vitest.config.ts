import { defineConfig } from "vitest/config";

/** Virtual machines under emulation take minutes for what takes others seconds: npm run test:lab. */
const lab = process.env.SKBOOK_TEST_LAB !== undefined;
if (!lab) console.warn("LEFT OUT: tests on the lab's virtual machines; npm run test:lab runs them");

export default defineConfig({
  test: {
    include: lab ? ["test/lab/**/*.test.ts"] : ["test/!(lab)/**/*.test.ts"],
    globalSetup: ["test/fixtures/mount-tracing.ts", "test/fixtures/own-cache.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Live tests share one kernel, its tracepoints and two cores: one file at a time keeps counts exact.
    fileParallelism: false,
  },
});
