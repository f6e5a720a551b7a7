import { isPacketSource, type PacketSource, packetTable, type Table } from "../tables/index.js";
import { captioned } from "./caption.js";
import { Figure } from "./figure.js";
import {
  type Arrow,
  arrowTraces,
  boundsOf,
  coverageOf,
  cutWarnings,
  endOf,
  labelNotes,
  levelArrows,
  meetingOf,
  packetsHere,
  packetsOfBoth,
  placed,
  rightAxisHolder,
  shiftOf,
  slopingArrows,
  timeAxis,
} from "./ladder/index.js";
import { needsColumns, oneFlow } from "./needs.js";
import { nothing } from "./nothing.js";
import { nanoseconds, wholeNumber } from "./options.js";
import { rowsOf } from "./rows.js";
import { counted, grouped, label } from "./text.js";
import { spanText } from "./time.js";

/** What {@link packetLadder} shows. */
export interface PacketLadderOptions {
  /** The packets of the same conversation in a capture nearer to its other end, as `packetsOf` returns them; a capture that has just this one. */
  other?: Table | PacketSource;
  /** What has to be added to the times of `other` to have them on the clock of the first capture: nanoseconds. Default: unknown. */
  clockOffsetNs?: number | bigint;
  /** How far off that may be, either way: nanoseconds. Default: unknown. */
  clockErrorNs?: number | bigint;
  /** At most this many packets, the first ones: 1 to 150. Default 60. `packetsOf(capture, { flow, from, to })` chooses later ones. */
  most?: number;
}

const wanted = { figure: "packetLadder", made: 'packetsOf(capture, "tcp 0")' };
const needed = [
  ...[
    "frame",
    "time_ns",
    "wire_bytes",
    "flow",
    "about",
    "sender",
    "copy",
    "transport",
    "protocol",
    "src",
    "dst",
  ],
  ...[
    "src_port",
    "dst_port",
    "ip_id",
    "ttl",
    "tcp_seq_raw",
    "tcp_seq",
    "tcp_ack",
    "tcp_len_bytes",
    "tcp_flags",
  ],
  ...[
    "tcp_tsval",
    "retransmission",
    "duplicate_ack",
    "zero_window",
    "udp_len_bytes",
    "sequence",
    "dns_id",
    "dns_name",
  ],
  ...["dns_rcode", "icmp_type", "icmp_code", "icmp_id", "icmp_seq", "quoted_src_port"],
];
const ofTheFlow = "about IS NULL AND flow IS NOT NULL";

/** A ladder before it is laid out. */
interface Ladder {
  arrows: Arrow[];
  count: number;
  facts: string[];
  warnings: string[];
}

async function single(here: Table, most: number): Promise<Ladder> {
  const { packets, count } = await packetsHere(here, most);
  return {
    arrows: levelArrows(packets),
    count,
    facts: ["arrows are level: one capture knows one time of each packet"],
    warnings: [],
  };
}

async function double(
  here: Table,
  options: PacketLadderOptions & { other: Table; most: number },
): Promise<Ladder> {
  const { other, clockOffsetNs, clockErrorNs, most } = options;
  const meeting = await meetingOf(here, other);
  const end = endOf(meeting.differences);
  const nearer = end ?? "client";
  const bounds = boundsOf(meeting.differences, nearer);
  const shift = shiftOf(bounds, {
    offsetNs: clockOffsetNs === undefined ? undefined : BigInt(clockOffsetNs),
    errorNs: clockErrorNs === undefined ? undefined : BigInt(clockErrorNs),
  });
  const { packets, count } = await packetsOfBoth(here, other, meeting, shift.ns, most);
  const round = bounds.leastNs === null || bounds.mostNs === null ? 0n : bounds.mostNs - bounds.leastNs;
  const onTheWay = round > 2_000_000n ? round : 2_000_000n;
  return {
    arrows: slopingArrows(packets, {
      here: nearer,
      shiftNs: shift.ns,
      coverage: {
        here: await coverageOf(here, 0n, onTheWay),
        other: await coverageOf(other, shift.ns, onTheWay),
      },
    }),
    count,
    facts: [`${grouped(meeting.matched)} in both captures`, ...shift.facts],
    warnings: [
      ...shift.warnings,
      ...cutWarnings([here, other]),
      ...(end === null
        ? ["which capture is nearer to the client isn't known: the first is taken for it"]
        : []),
      ...(meeting.identity.ipId
        ? []
        : ["matched without the identification of IPv4, which differs in the two captures"]),
    ],
  };
}

/** The two ends as the first packets of the conversation have them. */
async function endNames(here: Table): Promise<[client: string, server: string]> {
  const name = (address: string, port: string) =>
    `CASE WHEN ${port} IS NULL THEN ${address} WHEN contains(${address}, ':') THEN '[' || ${address} || ']:' || ${port} ELSE ${address} || ':' || ${port} END`;
  const [[client, server] = []] = await rowsOf(
    here,
    `SELECT CASE sender WHEN 'client' THEN ${name("src", "src_port")} ELSE ${name("dst", "dst_port")} END,
      CASE sender WHEN 'client' THEN ${name("dst", "dst_port")} ELSE ${name("src", "src_port")} END
    FROM this WHERE ${ofTheFlow} ORDER BY frame LIMIT 1`,
  );
  return [`client ${client ?? ""}`, `server ${server ?? ""}`];
}

function packetsIn(source: Table | PacketSource): Promise<Table> | Table {
  return isPacketSource(source) ? source[packetTable]({ conversations: true }) : source;
}

/**
 * Ladder diagram of one conversation: its ends as two lines, time downwards, an arrow for each packet with its flags, numbers and length.
 * ICMP errors about it come from the middle. Time is seconds since the first packet, at each row; a longer pause has more room, but rows are
 * not to scale.
 *
 * With the capture of another point on the path (`other`), packets are matched by what stays the same on the way: sender, sequence and
 * acknowledged number, length, flags, timestamp and identification of IPv4; of UDP and ICMP their numbers; the n-th of equal ones with the
 * n-th. An arrow then goes from its time at one end to its time at the other. One that the other capture lacks ends in a cross midway: it
 * was lost between the two, or by that capture. Data that offloading cut anew is told by its bytes.
 *
 * The times of two captures come from two clocks. Without `clockOffsetNs` the slope of the arrows is unsure, and the figure says so, and
 * within which bounds the offset must lie, since no packet arrives before it is sent. The round trip between the captures is right
 * whatever the clocks say.
 *
 * @param conversation as `packetsOf` returns it, or a capture that has just one
 * @throws SkbookError `BAD_PARAMETER` for another table, several conversations, or an option out of range
 * @example await packetLadder(await packetsOf(atClient, "tcp 5"), { other: await packetsOf(atServer, "tcp 2") })
 */
export async function packetLadder(
  conversation: Table | PacketSource,
  options: PacketLadderOptions = {},
): Promise<Figure> {
  const { clockOffsetNs, clockErrorNs, most = 60 } = options;
  wholeNumber("packetLadder", "most", most, 1, 150);
  if (clockOffsetNs !== undefined) nanoseconds("packetLadder", "clockOffsetNs", clockOffsetNs);
  if (clockErrorNs !== undefined) nanoseconds("packetLadder", "clockErrorNs", clockErrorNs, 0n);
  const packets = await packetsIn(conversation);
  const other = options.other && (await packetsIn(options.other));
  needsColumns(wanted, packets, needed);
  const flow = await oneFlow(wanted, packets, ofTheFlow);
  if (other !== undefined) {
    needsColumns(wanted, other, needed);
    await oneFlow(wanted, other, ofTheFlow);
  }
  const ladder = await (other === undefined
    ? single(packets, most)
    : double(packets, { ...options, other, most }));
  const { arrows, rows, height } = placed(ladder.arrows);
  const two = other !== undefined && rows.length > 0;
  const startNs = rows[0]?.ns ?? 0n;
  const [client, server] = await endNames(packets);
  const sources = [
    {
      provenance: packets.provenance,
      of: "packet" as const,
      ...(other === undefined ? {} : { name: "first capture" }),
    },
    ...(other === undefined
      ? []
      : [{ provenance: other.provenance, of: "packet" as const, name: "other capture" }]),
  ];
  const caption = captioned({
    title: `Packets of ${flow ?? "no conversation"}`,
    facts: [
      ...(rows.length === 0 ? [] : [spanText({ startNs, endNs: rows.at(-1)?.ns ?? startNs })]),
      counted(ladder.count, "packet"),
      ...ladder.facts,
    ],
    sources,
    warnings: [
      ...ladder.warnings,
      ...(ladder.count > most ? [`the first ${most} of ${grouped(ladder.count)} packets`] : []),
    ],
  });
  const { t } = caption.margin as { t: number };
  const header = (text: string, x: number, anchor: string) => ({
    text: `<b>${label(text)}</b>`,
    x,
    xanchor: anchor,
    y: 14,
    yref: "y",
    showarrow: false,
    font: { size: 11 },
  });
  const lines = [0, 1].map((x) => ({
    type: "line",
    x0: x,
    x1: x,
    y0: 26,
    y1: height,
    line: { color: "#666666", width: 1.5 },
    layer: "below",
  }));
  return new Figure({
    data: [...arrowTraces(arrows, startNs), ...(two ? [rightAxisHolder] : [])],
    layout: {
      ...caption,
      height: t + 56 + Math.max(200, height),
      margin: { ...(caption.margin as object), r: 80 },
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 0, yanchor: "top" },
      hovermode: "closest",
      shapes: rows.length === 0 ? [] : lines,
      annotations: [
        ...(caption.annotations as object[]),
        ...(rows.length === 0
          ? []
          : [header(client, 0, "left"), header(server, 1, "right"), ...labelNotes(arrows)]),
      ],
      xaxis: { range: [-0.01, 1.01], showticklabels: false, ticks: "", showgrid: false, showline: false },
      yaxis: {
        title: { text: "Time since the first packet (s), not to scale" },
        ...timeAxis(two ? rows.filter(({ end }) => end === 0) : rows, startNs, height),
      },
      ...(two
        ? {
            yaxis2: {
              ...timeAxis(
                rows.filter(({ end }) => end === 1),
                startNs,
                height,
              ),
              overlaying: "y",
              side: "right",
            },
          }
        : {}),
      ...(rows.length === 0 ? nothing(caption, "packets", packets.provenance) : {}),
    },
  });
}
