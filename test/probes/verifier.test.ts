import { describe, expect, test } from "vitest";
import type { Host } from "../../lib/index.js";
import type { RunOutcome } from "../../lib/probes/engine/run.js";
import { withVerifierLog } from "../../lib/probes/engine/verifier.js";
import type { Target } from "../../lib/probes/target.js";

/** What bpftrace of several versions wrote of one program, whose second hook has a loop without an end; of the logs, the ends. */
const said = {
  "0.17": {
    place: "interval:ms:100",
    plain: "ERROR: Error loading program: interval:ms:100 (try -v)",
    verbose: `INFO: node count: 29
Attaching BEGIN

Error log: 
0: R1=ctx() R10=fp0
0: (b7) r6 = 0                        ; R6=0
infinite loop detected at insn 12
processed 39 insns (limit 1000000) max_states_per_insn 1 total_states 3 peak_states 3 mark_read 0

ERROR: Error loading program: interval:ms:100
`,
  },
  "0.23": {
    place: "interval_ms_100_2",
    plain: `ERROR: Error loading BPF program for interval_ms_100_2. Use -v for full kernel error log.
ERROR: Loading BPF object(s) failed.`,
    verbose: `WARNING: Unknown error -1: couldn't set RLIMIT_MEMLOCK for bpftrace.
ERROR: Error loading BPF program for BEGIN_1.
Kernel error log: 
processed 42 insns (limit 1000000) max_states_per_insn 0 total_states 2 peak_states 2 mark_read 0


ERROR: Error loading BPF program for interval_ms_100_2.
Kernel error log: 
0: R1=ctx() R10=fp0
;  @ bpftrace.bpf.o:0
infinite loop detected at insn 3
processed 24 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0


ERROR: Loading BPF object(s) failed.
`,
  },
  "0.27": {
    place: "interval_ms_100_2",
    plain: `stdin:1:57-93: WARNING: While loops are deprecated and may be removed in the future.
ERROR: Error loading BPF program for interval_ms_100_2. Error code: -22 (Invalid argument). Use -v for full kernel error log.`,
    verbose: `stdin:1:57-93: WARNING: While loops are deprecated and may be removed in the future.
ERROR: Error loading BPF program for interval_ms_100_2. Error code: -22 (Invalid argument).
Kernel error log: 
0: R1=ctx() R10=fp0
infinite loop detected at insn 6
processed 26 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0

`,
  },
};

describe("what the verifier refused", () => {
  const failure = { code: "PROBE_NOT_ATTACHED", tried: "run it", failed: "it never ran", todo: "look" };
  const target = { snapshot: { kernel: "6.1.0" } } as unknown as Target;
  const told = (plain: string, verbose: string, facts = failure) => {
    const host = { exec: async () => ({ stderr: verbose }) } as unknown as Host;
    return withVerifierLog(
      host,
      target,
      { stderr: plain, command: ["bpftrace", "-e", "BEGIN { }"] } as RunOutcome,
      facts,
    );
  };
  const logOf = async (plain: string, verbose: string) =>
    (await told(plain, verbose)).details?.verifierLog as string[];

  test.each(Object.entries(said))(
    "is told with the log's end, in the words of bpftrace %s",
    async (_, bt) => {
      const { code, failed, details } = await told(bt.plain, bt.verbose);
      expect(code).toBe("VERIFIER_REFUSED");
      expect(details?.place).toBe(bt.place);
      expect(failed).toMatch(
        /refused the program at interval.ms.100.*\n.*infinite loop detected.*processed \d+ insns/s,
      );
      const log = details?.verifierLog as string[];
      expect(log[0]).toBe("0: R1=ctx() R10=fp0");
      expect(log.at(-1)).toMatch(/^processed \d\d insns/);
    },
  );

  test("has the name of a copied function, dots and all", async () => {
    const old = await told("ERROR: Error loading program: kprobe:tcp_v4_rcv.isra.0 (try -v)", "");
    expect(old.details?.place).toBe("kprobe:tcp_v4_rcv.isra.0");
    const since = await told("ERROR: Error loading BPF program for kprobe_tcp_v4_rcv.isra.0_2. Use -v", "");
    expect(since.details?.place).toBe("kprobe_tcp_v4_rcv.isra.0_2");
  });

  test("has its log also where that didn't fit", async () => {
    const small = `Error log: \n0: (05) goto pc+10\n\nERROR: Error: Failed to load program, verification log buffer not big enough`;
    expect(await logOf(said["0.17"].plain, small)).toEqual(["0: (05) goto pc+10"]);
    const trimmed = `ERROR: Error loading BPF program for interval_ms_100_2.\nKernel error log: \n0: (05) goto pc+10\n\nWARNING: Kernel log seems to be trimmed.\n\nERROR: Loading BPF object(s) failed.\n`;
    expect(await logOf(said["0.23"].plain, trimmed)).toEqual(["0: (05) goto pc+10"]);
  });

  test("is not told with the log of a program that was taken", async () => {
    const ofAnother =
      "ERROR: Error loading BPF program for BEGIN_1.\nKernel error log: \nprocessed 42 insns (limit 1000000)\n\n";
    const { code, failed, details } = await told(said["0.23"].plain, ofAnother);
    expect(code).toBe("VERIFIER_REFUSED");
    expect(failed).toContain("bpftrace shows none");
    expect(details?.verifierLog).toEqual([]);
  });

  test("is nothing where something else failed", async () => {
    expect(await told("ERROR: Error attaching probe: kprobe:ip_rcv", "")).toBe(failure);
    const lost = { ...failure, code: "CONNECTION_LOST" };
    expect(await told(said["0.17"].plain, said["0.17"].verbose, lost)).toBe(lost);
  });
});
