import { expect, test } from "vitest";
import { typesVariables } from "../../lib/probes/engine/version.js";
import { HookSite, Site } from "../../lib/probes/site.js";
import { textOf } from "../../lib/probes/text/bpf.js";
import { typed } from "../../lib/probes/text/typed.js";
import { targetOf } from "./target.js";

test.each([
  ["bpftrace v0.17.0", false],
  ["bpftrace v0.20.2", true],
  ["bpftrace v0.23.2", true],
  ["bpftrace vGITDIR-NOTFOUND", false],
])("%s types variables: %s", (said, expected) => {
  expect(typesVariables({ "tool.bpftrace": `/usr/bin/bpftrace\n${said}` })).toBe(expected);
});

const clause = (text: string) => typed(`BEGIN { }\ntracepoint:net:netif_rx {\n${text} }\nEND { }\n`);

test("variables are unsigned from the beginning of their clause, where several values are none", () => {
  expect(
    clause(
      "$ip = 0; if (tid == 0) { $src = $ip >> 32; } $on = @last[$ip]; $ip = $on.1; if ($src == 1) { $ip++; }",
    ),
  ).toBe(
    `BEGIN { }
tracepoint:net:netif_rx { $ip = (uint64)0; $src = (uint64)0;
$ip = (uint64)(0); if (tid == 0) { $src = (uint64)($ip >> 32); } $on = @last[$ip]; $ip = $on.1; if ($src == 1) { $ip++; } }
END { }
`,
  );
});

test("what is counted down below 0 is signed, in its clause alone", () => {
  expect(clause("$unused = @left; if ($unused < 0) { $unused = 0; } $next = 5;")).toContain(
    " $unused = (int64)0; $next = (int64)0;\n$unused = @left; if ($unused < 0) { $unused = (int64)(0); } $next = (int64)(5); }",
  );
  expect(clause("$next = nsecs;")).toContain(" $next = (uint64)0;\n$next = (uint64)(nsecs); }");
});

test("what a map holds is known before it is first read", () => {
  const first = (text: string) => clause(text).split("\n")[0];
  expect(first("@n[@stack[tid]] = count(); @stack[tid] = kstack(16);")).toBe(
    "BEGIN { if (nsecs == 0) { @stack[(uint64)0] = kstack(16); } }",
  );
  expect(first("delete(@on[$a, $b]); @on[$a, $b] = ($head, 1, (nsecs - $t));")).toBe(
    "BEGIN { if (nsecs == 0) { @on[(uint64)0, (uint64)0] = ((uint64)0, 1, (uint64)0); } }",
  );
  expect(first("@on[$a] = 1; $x = @on[$a]; @n[$a] = count();")).toBe("BEGIN { }");
});

test("bytes of a tracepoint's record are those of a copy", () => {
  expect(clause("$ip = ((uint64)args->saddr[4] << 0) | ((uint64)args->saddr[5] << 8);")).toContain(
    "{ $bytes_saddr = args->saddr; $ip = (uint64)0;\n$ip = (uint64)(((uint64)$bytes_saddr[4] << 0) | ((uint64)$bytes_saddr[5] << 8)); }",
  );
});

test("structs stay as they are", () => {
  const struct = "struct words2 { uint64 words[2]; };\n";
  expect(typed(`${struct}BEGIN { }`)).toBe(`${struct}BEGIN { }`);
});

test("a tracepoint's record is read field by field, where bpftrace gives no address of it", () => {
  const hook = "tracepoint:tcp:tcp_probe";
  const written = (version: string) => {
    const field = { size: 4, signed: false, dynamic: false };
    const fields = [16, 24, 36].map(
      (offset, at) => [["saddr", "name", "comm"][at] as string, { ...field, offset }] as const,
    );
    const target = targetOf(
      { required: [hook] },
      {
        snapshot: { "tool.bpftrace": `bpftrace v${version}` },
        tracepoints: new Map([[hook, { fields: new Map(fields), symbols: new Map() }]]),
      },
    );
    const at = new HookSite(new Site(target), hook, false);
    const { first, second } = at.argName("comm");
    return [at.argBytes("saddr", 4, 2), at.argText("name"), first, second].map(textOf);
  };
  for (const piece of written("0.17.0")) expect(piece).toContain("(uint64)args + ");
  expect(written("0.27.1")[1]).toBe("(uint64)args->name");
  expect(written("0.23.2")).toEqual([
    "(((uint64)args->saddr[4] << 0) | ((uint64)args->saddr[5] << 8))",
    // The record has 40 bytes before its text, the field with the text's place is at 24.
    "((*((uint64)args->name - 136) & 65535) == 40 ? (uint64)args->name - 120 : (uint64)args->name)",
    "*((uint64)(uint64 *)args->comm)",
    "*((uint64)(uint64 *)args->comm + 8)",
  ]);
});
