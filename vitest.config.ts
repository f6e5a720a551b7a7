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
/** What takes long, and that `npm test` leaves out: a developer wants an answer within minutes. CI runs it, too. */
const long = {
  apart: [
    "test/captures/{disguises,findings,http,kinds-of-faults,normal-traffic,wrong-outputs}.test.ts",
    "test/hosts/{lease,waits}.test.ts",
    "test/install/package.test.ts",
    "test/kernel/{figures,jupyter,jupyterlab,runners,snapshot}.test.ts",
    "test/notebooks/investigations.test.ts",
    "test/progress/progress.test.ts",
    "test/sockets/analyses.test.ts",
  ],
  live: [
    "test/captures/live.test.ts",
    "test/hosts/detached.test.ts",
    "test/jupyterlab/{stop,tables}.test.ts",
    "test/probes/{backlog,beside,drop-details,drop-sites,echo,echo-mesh,flow-requests,flow-upcalls,gaps}.test.ts",
    "test/probes/{hostile-hosts,interrupts,irq-summary,latency-verdicts,layers,leaves-nothing,locks}.test.ts",
    "test/probes/{off-cpu,path,path-legs,qdisc-latency,queue-summary,run-queue,softirq}.test.ts",
    "test/probes/{stages,tcp,upcalls,wakeup,whole}.test.ts",
    "test/sockets/{live,scenes}.test.ts",
  ],
};
/** What takes longest, and what CI has no time for: `npm run test:long` runs it. */
const longest = {
  apart: [
    "test/captures/{cache,corpus,damage,fields,findings-corpus,many-holes,shards}.test.ts",
    "test/figures/{layout,packet-ladder}.test.ts",
    "test/hosts/fuzz.test.ts",
    "test/kernel/random.test.ts",
    "test/notebooks/templates.test.ts",
  ],
  live: [
    "test/captures/{reliability,remote,ring}.test.ts",
    "test/hosts/sessions.test.ts",
    "test/hosts/wire/live.test.ts",
    "test/install/node-versions.test.ts",
    "test/notebooks/live.test.ts",
    "test/probes/{can-run,login-shells,parser}.test.ts",
  ],
};
const lab = ["test/lab/**/*.test.ts"];
/** Virtual machines under emulation take minutes for what takes others seconds: an hour for all of it, so that most is asked for. */
const wholeLab = process.env.SKBOOK_TEST_LAB !== undefined;

const shared = { testTimeout: 120_000, hookTimeout: 120_000 };
const apart = { ...shared, maxWorkers: 2 };
const alone = { ...shared, maxWorkers: 1 };

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
          ...apart,
          name: "apart",
          include: ["test/**/*.test.ts"],
          exclude: [...live, ...long.apart, ...longest.apart, ...lab],
          sequence: { groupOrder: 1 },
        },
      },
      { test: { ...apart, name: "apart-long", include: long.apart, sequence: { groupOrder: 2 } } },
      { test: { ...apart, name: "apart-longest", include: longest.apart, sequence: { groupOrder: 2 } } },
      {
        test: {
          ...apart,
          name: "lab",
          include: wholeLab ? lab : ["test/lab/lab.test.ts"],
          globalSetup: ["test/lab/images/in-background.ts"],
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          ...alone,
          name: "live",
          include: live,
          exclude: [...long.live, ...longest.live],
          sequence: { groupOrder: 4 },
        },
      },
      { test: { ...alone, name: "live-long", include: long.live, sequence: { groupOrder: 5 } } },
      { test: { ...alone, name: "live-longest", include: longest.live, sequence: { groupOrder: 6 } } },
    ],
  },
});
