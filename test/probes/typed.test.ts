import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../kernel/package.js";
import { countedDown } from "../../lib/probes/engine/lifecycle.js";
import { withoutKnownNoise } from "../../lib/probes/engine/run.js";
import { triedVersions, typesVariables } from "../../lib/probes/engine/version.js";
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

const clause = (text: string) =>
  typed(`BEGIN { }\ntracepoint:net:netif_rx {\n${text} }\nEND { }\n`, countedDown);

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
  expect(clause("$unused = @left; if ($unused < 0) { $unused = 0; } $all = @rest; $next = 5;")).toContain(
    " $unused = (int64)0; $all = (int64)0; $next = (int64)0;\n$unused = @left; if ($unused < 0) { $unused = (int64)(0); } $all = @rest; $next = (int64)(5); }",
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
  expect(first("@sizes[$a] = stats($b); @sizes[$c] = stats($d);")).toBe("BEGIN { }");
});

test("what stands in texts and comments is no statement", () => {
  expect(clause('printf("$a = 1; }\\n"); /* $b = 2; { */ $c = 3; // @d[$c] = 4; }\n')).toBe(`BEGIN { }
tracepoint:net:netif_rx { $c = (uint64)0;
printf("$a = 1; }\\n"); /* $b = 2; { */ $c = (uint64)(3); // @d[$c] = 4; }
 }
END { }
`);
});

test("a value goes to its own end, with brackets in its keys", () => {
  expect(clause("$n = @of[@place[$a], ($b)]; @of[$c, $d] = 1; @place[$e] = (1, -2, $f);")).toContain(
    "BEGIN { if (nsecs == 0) { @of[(uint64)0, (uint64)0] = (uint64)0; @place[(uint64)0] = (1, -2, (uint64)0); }",
  );
  expect(clause("$n = @of[@place[$a], ($b)];")).toContain("\n$n = @of[@place[$a], ($b)]; }");
  expect(clause("$n = @of[$a] /* of it */ ; $m = 2;")).toContain(
    "\n$n = @of[$a] /* of it */ ; $m = (uint64)(2); }",
  );
  expect(clause("if (tid == 0) { $a = 1 } $b = 2")).toContain(
    "\nif (tid == 0) { $a = (uint64)(1 )} $b = (uint64)(2 )}",
  );
});

test("a struct may end with a semicolon, and maps of distributions know their type", () => {
  const program =
    "struct w { unsigned long words[2]; };\nBEGIN { }\nkprobe:f { $n = @of[$a]; @of[$a] = 1; }\n";
  expect(typed(program, countedDown)).toContain(
    "};\nBEGIN { if (nsecs == 0) { @of[(uint64)0] = (uint64)0; } }",
  );
  expect(clause("@h[$a] = hist($b); @h[$c] = hist($d); @t[$a] = avg($b); @t[$c] = avg($d);")).toContain(
    "BEGIN { }",
  );
});

test("bytes of a tracepoint's record are those of a copy", () => {
  expect(clause("$ip = ((uint64)args->saddr[4] << 0) | ((uint64)args->saddr[5] << 8);")).toContain(
    "{ $bytes_saddr = args->saddr; $ip = (uint64)0;\n$ip = (uint64)(((uint64)$bytes_saddr[4] << 0) | ((uint64)$bytes_saddr[5] << 8)); }",
  );
});

test("structs stay as they are", () => {
  const struct = "struct words2 { uint64 words[2]; };\n";
  expect(typed(`${struct}BEGIN { }`, countedDown)).toBe(`${struct}BEGIN { }`);
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

test("a text behind another one of a tracepoint's record is refused, where bpftrace places it wrong", () => {
  const hook = "tracepoint:irq:irq_handler_entry";
  const dynamic = { size: 4, signed: false, dynamic: true };
  const fields = new Map([
    ["first", { ...dynamic, offset: 8 }],
    ["second", { ...dynamic, offset: 12 }],
  ]);
  const at = (version: string) => {
    const target = targetOf(
      { required: [hook] },
      {
        snapshot: { "tool.bpftrace": `bpftrace v${version}` },
        tracepoints: new Map([[hook, { fields, symbols: new Map() }]]),
      },
    );
    return new HookSite(new Site(target), hook, false);
  };
  expect(textOf(at("0.23.2").argText("first"))).toContain("args->first - 56");
  expect(() => at("0.23.2").argText("second")).toThrow(/FIELD_MISSING/);
  for (const version of ["0.17.0", "0.27.1"]) expect(textOf(at(version).argText("second"))).toBeTruthy();
});

/** As 0.23 and 0.27 write them. */
const warnings = `WARNING: BPFTRACE_STRLEN is deprecated. Use BPFTRACE_MAX_STRLEN instead.
stdin:1:61-63: WARNING: comparison of integers of different signs: 'uint64' and 'int64' can lead to undefined behavior
BEGIN { if ($x < -1) { } }
            ~~
stdin:2:61-63: WARNING: Expression of type: uint64 being cast to type: int64. This may cause unexpected results. Use an explicit cast to suppress this warning.
  @s[$a + $b] = sum($b);
      ~~
stdin:3:94-102: WARNING: Unnecessary cast: expression is already of type uint64
  $c = (uint64)nsecs;
       ~~~~~~~~
stdin:4-6: WARNING: Return value discarded.
stdin:5:50-57: WARNING: expanded from
  @samples[$bytes > 64 ? 1 : 0] = count();
           ~~~~~~
stdin:6:25-47: WARNING: Addrspace mismatch
  $operation = (uint64)((uint64)args->op & 127);
                        ~~~~~~~~~~~~~~~~~~~~~~
WARNING: Could not read functions from /sys/kernel/debug/tracing/available_filter_functions. If this is expected, use --traceable-functions to set this path manually.
`;

test("of what bpftrace says, only what means something is kept", () => {
  const refused = `stdin:9:1-4: ERROR: Unknown function: 'kfree'
kprobe:kfree { }
~~~~
WARNING: Could not read symbols`;
  expect(withoutKnownNoise(warnings).stderr).toBe("");
  expect(withoutKnownNoise(`${warnings}${refused}\n${warnings}`).stderr).toBe(refused);
});

test("the page of limits names the versions that programs were run with", () => {
  expect(readFileSync(join(packageRoot, "docs/limits.md"), "utf8")).toContain(triedVersions);
});
