import { expect, test } from "vitest";
import { environment } from "../../lib/probes/engine/environment.js";
import { targetOf } from "../probes/target.js";

const file = "/sys/kernel/btf/vmlinux";

test.each([
  ["5.10.0-32-cloud-amd64", file, [`BPFTRACE_BTF=${file}`]],
  ["4.19.0-27-amd64", "", []],
  ["5.10.0-32-cloud-amd64", undefined, []],
  ["6.1.0-50-cloud-amd64", file, []],
])("bpftrace on %s with the BTF %j is told %j", (kernel, btf, told) => {
  const snapshot = btf === undefined ? { kernel } : { kernel, btf };
  expect(environment(targetOf({}, { snapshot }))).toEqual(told);
});
