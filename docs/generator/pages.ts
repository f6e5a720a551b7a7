import type { Export } from "./source.js";

/** One page of the reference. */
export interface Page {
  /** Name of its file, without `.md`. */
  id: string;
  title: string;
  /** What is on it, in a sentence. */
  about: string;
  exports: Export[];
}

/** The pages in their order. What lies in a folder that has no page here gets one of the folder's name at the end. */
const known: readonly Omit<Page, "exports">[] = [
  {
    id: "hosts",
    title: "Hosts",
    about: "Connect, execute commands, facts, counters, topology, clocks, several hosts.",
  },
  {
    id: "probes",
    title: "All probes",
    about: "What runs on a host, and a probe beside the host's counters.",
  },
  { id: "probes-drop", title: "Probes: drops", about: "Packets that a host's kernel drops." },
  { id: "probes-report", title: "Probes: report of drops", about: "The first look at a host that drops." },
  {
    id: "probes-latency",
    title: "Probes: report of latency",
    about: "The first look at a host that is late.",
  },
  {
    id: "probes-path",
    title: "Probes: paths",
    about: "Between two sides of a host: what vanishes, what is late.",
  },
  {
    id: "probes-stages",
    title: "Probes: stages",
    about: "Inside one host, from stage to stage: where packets are late.",
  },
  {
    id: "probes-qdisc",
    title: "Probes: queues",
    about: "Packets that queueing disciplines and drivers refuse, and how long they wait there.",
  },
  {
    id: "probes-echo",
    title: "Probes: pings",
    about: "Where the time of pings goes, at who asks and at who answers.",
  },
  {
    id: "probes-gaps",
    title: "Probes: gaps",
    about: "Flows that fall silent, and on which side.",
  },
  {
    id: "probes-device",
    title: "Probes: devices",
    about: "Frames and bytes by hardware queue.",
  },
  {
    id: "probes-ovs",
    title: "Probes: Open vSwitch",
    about:
      "How long the kernel's switch waits for ovs-vswitchd, what becomes of its flow table, and what it does with packets.",
  },
  {
    id: "probes-conntrack",
    title: "Probes: connection tracking",
    about: "What connection tracking makes of packets.",
  },
  {
    id: "probes-backlog",
    title: "Probes: backlogs",
    about: "How long packets wait for the stack, by CPU.",
  },
  {
    id: "probes-irq",
    title: "Probes: interrupts",
    about: "How often devices interrupt CPUs, and how long their handlers run.",
  },
  {
    id: "probes-softirq",
    title: "Probes: softirqs",
    about: "How long the kernel's deferred work waits and runs.",
  },
  {
    id: "probes-scheduler",
    title: "Probes: scheduler",
    about: "Threads that could run and wait for a CPU.",
  },
  {
    id: "probes-tcp",
    title: "Probes: TCP",
    about:
      "Round trips, connections made and failed, windows, what is sent again, and readers that are late.",
  },
  { id: "probes-defrag", title: "Probes: fragments", about: "What becomes of IP fragments." },
  {
    id: "sockets",
    title: "Sockets",
    about: "Samples of TCP sockets, live and from files.",
  },
  {
    id: "probes-transfer",
    title: "Report of a transfer",
    about: "The first look at a transfer that is slow.",
  },
  {
    id: "captures",
    title: "Captures",
    about: "Capture on a host, open files, packets, from a row back to its packets.",
  },
  {
    id: "analyses-summary",
    title: "Analyses: summaries",
    about: "What a capture is worth as evidence, and what is in it.",
  },
  { id: "analyses-flows", title: "Analyses: conversations", about: "One row per conversation." },
  {
    id: "analyses-tcp",
    title: "Analyses: TCP",
    about: "Losses, windows, round trips, handshakes and endings, by connection and direction.",
  },
  { id: "analyses-udp", title: "Analyses: UDP and DHCP", about: "Numbered datagrams, and DHCP exchanges." },
  { id: "analyses-dns", title: "Analyses: DNS", about: "Questions, answers and servers." },
  { id: "analyses-icmp", title: "Analyses: ICMP", about: "Pings, errors, traceroutes." },
  {
    id: "analyses-applications",
    title: "Analyses: HTTP and TLS",
    about: "How requests and handshakes were answered, and how late.",
  },
  {
    id: "analyses-sockets",
    title: "Analyses: sockets",
    about: "What holds a transfer up, from samples of its sockets at one end or both.",
  },
  { id: "analyses-findings", title: "Findings of a capture", about: "The diagnosis of a capture by rules." },
  { id: "findings", title: "Findings", about: "What a rule's verdict consists of." },
  { id: "figures", title: "Figures", about: "Interactive, with a static picture inside." },
  { id: "tables", title: "Tables and frames", about: "Columns, rows, SQL, provenance." },
  { id: "cases", title: "Cases", about: "Record, replay, verify." },
  { id: "cells", title: "Cells", about: "What a cell shows and asks, and errors." },
  {
    id: "own-probes",
    title: "Probes of your own",
    about:
      'What `skbook/probe` exports: `import { bpf, defineCounts } from "skbook/probe"`. Definitions, fields, filters, program text, hooks.',
  },
];

const analyses = ["summary", "flows", "tcp", "udp", "dns", "icmp", "applications", "findings"];

/** The page that the exports of a file are on. */
function pageOf(file: string): string {
  const [room = "", folder = "", family = ""] = file.split("/");
  const inFolder = !family.endsWith(".ts") && family !== "";
  if (room === "probes") return folder.endsWith(".ts") || folder === "packet" ? "probes" : `probes-${folder}`;
  if (folder === "probes") return "probes";
  if (folder === "captures" && !analyses.includes(family)) return "captures";
  if (folder === "captures" || folder === "analyses") return inFolder ? `analyses-${family}` : "analyses";
  return known.some(({ id }) => id === folder) ? folder : "cells";
}

/** Sorts exports into pages. */
export function pagesOf(exports: Iterable<Export>): Page[] {
  const byPage = new Map<string, Export[]>();
  for (const one of exports) {
    const id = one.entry === "probe" ? "own-probes" : pageOf(one.file);
    byPage.set(id, [...(byPage.get(id) ?? []), one]);
  }
  const unknown = [...byPage.keys()].filter((id) => known.every((page) => page.id !== id)).sort();
  const all = [...known, ...unknown.map((id) => ({ id, title: titleOf(id), about: "" }))];
  return all.flatMap((page) => {
    const found = byPage.get(page.id) ?? [];
    return found.length === 0 ? [] : [{ ...page, exports: found.sort(byKind) }];
  });
}

function titleOf(id: string): string {
  const words = id.replace("-", ": ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const kinds: Export["kind"][] = ["probe", "function", "value", "class", "type"];

function byKind(a: Export, b: Export): number {
  return kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.name < b.name ? -1 : 1);
}
