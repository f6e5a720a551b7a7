import { defineConfig } from "vitest/config";

/**
 * Files that attach to this machine's kernel, count what it does, or need all of it: they run alone, which keeps counts exact. Of
 * most folders that have such a file, all of it stands here.
 */
const live = [
  "test/{jupyterlab,probes}/**/*.test.ts",
  "test/hosts/{counters,topology,wire}/**/*.test.ts",
  "test/hosts/{clock-offset,detached,on-all,sessions}.test.ts",
  "test/captures/{live,refused,reliability,remote,ring,spool}.test.ts",
  "test/docs/own-probe.test.ts",
  "test/install/node-versions.test.ts",
  "test/notebooks/live.test.ts",
  "test/sockets/{live,scenes}.test.ts",
];
const lab = ["test/lab/**/*.test.ts"];
/** Virtual machines under emulation take minutes for what takes others seconds: an hour for all of it, so that most is asked for. */
const wholeLab = process.env.SKBOOK_TEST_LAB !== undefined;

const timeouts = { testTimeout: 120_000, hookTimeout: 120_000 };

/** One after the other: what needs no more than processes of its own, the virtual machines of the lab, then what runs alone. */
export default defineConfig({
  test: {
    globalSetup: [
      "test/fixtures/left-out.ts",
      "test/fixtures/mount-tracing.ts",
      "test/fixtures/own-cache.ts",
    ],
    projects: [
      {
        test: {
          name: "apart",
          include: ["test/**/*.test.ts"],
          exclude: [...live, ...lab],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...timeouts,
        },
      },
      {
        test: {
          name: "lab",
          include: wholeLab ? lab : ["test/lab/lab.test.ts"],
          globalSetup: ["test/lab/images/in-background.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          ...timeouts,
        },
      },
      {
        test: {
          name: "live",
          include: live,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
          ...timeouts,
        },
      },
    ],
  },
});
