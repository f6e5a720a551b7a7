import type { Trace } from "../spec.js";
import { alarm } from "../style.js";
import { counted, label } from "../text.js";
import { seconds } from "../time.js";
import { dropKind, type Kind, packetKinds } from "./kinds.js";
import type { DropMark, PacketMark } from "./marks.js";

/** More lines across the lanes than this hide what they should point at. */
const maxLines = 60;

function marker({ symbol, color, size }: Kind): object {
  const thin = symbol.endsWith("-thin");
  return { symbol, color, size, line: { color: thin ? color : "#FFFFFF", width: thin ? 3 : 0 } };
}

/** One trace for each kind that occurs; what a reader looks for first is drawn last, on top. */
export function packetTraces(marks: PacketMark[], startNs: bigint, exact: boolean): Trace[] {
  const hover = exact
    ? "%{x:.6~f} s: frame %{customdata[0]}, %{customdata[2]} bytes"
    : "%{x:.6~f} s: %{customdata[1]} packets from frame %{customdata[0]} on, %{customdata[2]} bytes";
  return packetKinds
    .map((kind, index): Trace => {
      const own = marks.filter((mark) => mark.kind === index);
      return {
        type: "scatter",
        mode: "markers",
        name: kind.name,
        x: own.map(({ timeNs }) => seconds(timeNs - startNs)),
        y: own.map(({ lane }) => lane),
        customdata: own.map(({ frame, packets, bytes }) => [frame, packets, bytes]),
        marker: marker(kind),
        hovertemplate: `${hover}<extra>${kind.name}</extra>`,
      };
    })
    .filter(({ x }) => (x as number[]).length > 0)
    .reverse();
}

/** A line through all lanes at each drop, so that what came right after it is seen in the other lanes too. */
export function dropLines(marks: DropMark[], startNs: bigint, lanes: number): Trace[] {
  if (marks.length === 0 || marks.length > maxLines) return [];
  const at = marks.map(({ timeNs }) => seconds(timeNs - startNs));
  return [
    {
      type: "scatter",
      mode: "lines",
      x: at.flatMap((x) => [x, x, null]),
      y: at.flatMap(() => [-0.5, lanes - 0.5, null]),
      line: { color: alarm, width: 1, dash: "dot" },
      opacity: 0.5,
      hoverinfo: "skip",
      showlegend: false,
    },
  ];
}

/** A cross under the lane of each drop. */
export function dropCrosses(marks: DropMark[], startNs: bigint): Trace[] {
  if (marks.length === 0) return [];
  return [
    {
      type: "scatter",
      mode: "markers",
      name: dropKind.name,
      x: marks.map(({ timeNs }) => seconds(timeNs - startNs)),
      y: marks.map(({ lane }) => lane + 0.25),
      text: marks.map(({ drops, why }) => label(`${counted(drops, "drop")}: ${why}`)),
      marker: marker(dropKind),
      hovertemplate: `%{x:.6~f} s: %{text}<extra>${dropKind.name}</extra>`,
    },
  ];
}
