import { JSDOM } from "jsdom";
import { expect, test } from "vitest";
import type { Provenance } from "../../lib/tables/index.js";
import { provenanceHtml } from "../../lib/tables/render/provenance.js";

const program =
  'BEGIN {\n  printf("begin\\t%llu\\n", nsecs);\n}\nkprobe:kfree_skb { @[comm] = count(); } // </pre><b>';

const measured: Provenance = {
  source: "dropSummary",
  host: "h1",
  recordingId: "7",
  startedAt: "2026-11-29T12:00:00.000Z",
  endedAt: "2026-11-29T12:00:05.000Z",
  lost: 3,
  truncated: true,
  partial: false,
  notes: ["not attached: <i>raw</i>"],
  details: {
    command: ["env", "BPFTRACE_STRLEN=64", "bpftrace", "-f", "json", "-e", program],
    wanted: ["kprobe:kfree_skb", "tracepoint:skb:consume_skb"],
    attached: ["kprobe:kfree_skb"],
    matched: 12345,
    suppressed: 2,
    selfCost: {
      runs: 1000,
      nsPerRun: 250,
      programShareOfOneCpu: 0.0123,
      processShareOfOneCpu: null,
      missed: 0,
    },
    detached: "proved",
    durationMs: 7340,
    phases: { attachMs: 1800, measureMs: 5000, detachMs: 450 },
    stderr: "",
    clock: "CLOCK_BOOTTIME",
    said: '<img src=x onerror="alert(1)">\u001b[31m',
  },
};

/** The panel as a browser has it, and its rows by their heads. */
function panel(provenance: Provenance) {
  const { body } = new JSDOM(provenanceHtml(provenance)).window.document;
  const rows = [...body.querySelectorAll("tr")].map((row) => [...row.cells].map((cell) => cell.textContent));
  return { body, fact: Object.fromEntries(rows) as Record<string, string> };
}

test("tells what ran where, how long it took, what was lost, in words; closed until it is asked", () => {
  const { body, fact } = panel(measured);
  const details = body.querySelector("details");
  expect(details?.open).toBe(false);
  expect(details?.querySelector("summary")?.textContent).toBe("dropSummary on h1 · measured 5.0 s · 3 lost");
  expect(fact).toMatchObject({
    "what ran": "dropSummary, on h1",
    when: "2026-11-29T12:00:00.000Z to 2026-11-29T12:00:05.000Z",
    took: "7.3 s in all: attaching 1.8 s, measuring 5.0 s, detaching 0.5 s",
    lost: "3 of 12,345 that the kernel counted; 2 of them not printed; truncated: a limit was reached",
    "attached to": "kprobe:kfree_skb",
    "not attached": "tracepoint:skb:consume_skb",
    cost: "1.2 % of one CPU in the kernel (1,000 runs of 250 ns), unknown in its process",
    "gone from the host": "yes: its process group was seen to be gone",
    recording: "7",
    clock: "CLOCK_BOOTTIME",
  });
});

test("shows the program as a listing, and nothing in it is markup", () => {
  const { body, fact } = panel(measured);
  const [command, listing] = [...body.querySelectorAll("pre")].map(({ textContent }) => textContent);
  expect(command).toBe("env BPFTRACE_STRLEN=64 bpftrace -f json -e PROGRAM");
  expect(listing).toBe(program);
  expect(body.querySelectorAll("img, b, i, script")).toHaveLength(0);
  expect(fact.said).toBe('<img src=x onerror="alert(1)">\\u001b[31m');
});

test("of a run that lost nothing says so; of a query shows the SQL; of what is unknown says nothing", () => {
  const { body, fact } = panel({
    ...measured,
    host: null,
    recordingId: null,
    startedAt: null,
    endedAt: null,
    lost: 0,
    truncated: false,
    notes: [],
    details: { sql: "SELECT 1\nFROM this WHERE a < 2", phases: null, durationMs: 812 },
  });
  expect(body.querySelector("summary")?.textContent).toBe("dropSummary · 0 lost");
  expect(fact).toEqual({ "what ran": "dropSummary", took: "0.8 s", lost: "0" });
  expect(body.querySelector("pre")?.textContent).toBe("SELECT 1\nFROM this WHERE a < 2");
  expect(panel({ ...measured, lost: "unknown" }).body.querySelector("summary")?.textContent).toContain(
    "loss unknown",
  );
});

test("shows a word that it doesn't know as it is, also one that objects have a member of", () => {
  const { fact } = panel({ ...measured, details: { ...measured.details, detached: "constructor" } });
  expect(fact["gone from the host"]).toBe("constructor");
});
