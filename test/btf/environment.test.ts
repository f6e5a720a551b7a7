import { expect, test } from "vitest";
import { environment } from "../../lib/probes/bpftrace/environment.js";

const file = "/sys/kernel/btf/vmlinux";

test.each([
  ["5.10.0-32-cloud-amd64", file, [`BPFTRACE_BTF=${file}`]],
  ["4.19.0-27-amd64", "", []],
  ["5.10.0-32-cloud-amd64", undefined, []],
  ["6.1.0-50-cloud-amd64", file, []],
])("bpftrace on %s with the BTF %j is told %j", (kernel, btf, told) => {
  expect(environment(btf === undefined ? { kernel } : { kernel, btf })).toEqual(told);
});
