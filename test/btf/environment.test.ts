import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { parseBtf } from "../../lib/btf/index.js";
import { environment } from "../../lib/probes/engine/environment.js";
import { targetOf } from "../probes/target.js";

const file = "/sys/kernel/btf/vmlinux";

test.each([
  ["5.10.0-32-cloud-amd64", file, ["env", `BPFTRACE_BTF=${file}`]],
  ["6.1.0-50-cloud-amd64", file, ["env"]],
])("bpftrace on %s with the BTF %j is begun with %j", (kernel, btf, told) => {
  expect(environment(targetOf({}, { snapshot: { kernel, btf } }))).toEqual(told);
});

test.each([{ btf: "" }, {}])(
  "without BTF bpftrace is given some that can be read, and nothing is left of it: %j",
  (none) => {
    const before = environment(targetOf({}, { snapshot: { kernel: "4.19.0-27-amd64", ...none } }));
    const [command = "", ...words] = [
      ...before,
      "sh",
      "-c",
      'cat "$BPFTRACE_BTF"; readlink "$BPFTRACE_BTF" >&2',
    ];
    const bytes = execFileSync(command, words, { stdio: ["ignore", "pipe", "pipe"] });
    expect(parseBtf(bytes).has("sk_buff")).toBe(false);
  },
);
