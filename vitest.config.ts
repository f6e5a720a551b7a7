import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/fixtures/mount-tracing.ts", "test/fixtures/own-cache.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Live tests share one kernel, its tracepoints and two cores: one file at a time keeps counts exact.
    fileParallelism: false,
  },
});
