import type { Frame } from "../tables/index.js";
import { captioned } from "./caption.js";
import { Figure } from "./figure.js";
import { nothing } from "./nothing.js";
import { wholeNumber } from "./options.js";
import { defaultSize } from "./style.js";
import { counted } from "./text.js";
import { drawn, place, portsOf } from "./topology/index.js";

/** How {@link topologyFigure} draws. */
export interface TopologyFigureOptions {
  /** At most this many interfaces of machines and namespaces, 1 to 200. Default 40. */
  interfaces?: number;
}

const margin = 16;

/**
 * The data path of a virtualization host from left to right: machines and network namespaces, their taps with the vhost threads that
 * serve them and the CPUs of these, bridges, and what leads on: uplinks with their members, tunnels, the host itself. A device that is down
 * is red. Machines come first; what is beyond the limit is not drawn, and said.
 *
 * @param topology what `topology(host)` found; of it, `paths` and `devices`. To draw a part, select from `paths`.
 * @throws SkbookError `BAD_PARAMETER` for a number of `interfaces` out of range
 * @example await topologyFigure(await topology(host))
 */
export async function topologyFigure(
  topology: { readonly paths: Frame; readonly devices: Frame },
  { interfaces = 40 }: TopologyFigureOptions = {},
): Promise<Figure> {
  wholeNumber("topologyFigure", "interfaces", interfaces, 1, 200);
  const { provenance } = topology.paths;
  const found = await portsOf(topology, interfaces);
  const { ports, total } = found;
  const machines = new Set(ports.filter(({ kind }) => kind === "machine").map(({ guest }) => guest));
  const picture = drawn(place(found), defaultSize.width - 2 * margin);
  const left = total - ports.length;
  const caption = captioned({
    title: "Data path",
    facts: [counted(machines.size, "machine"), counted(ports.length, "interface")],
    sources: [{ provenance, of: "event" }],
    warnings: left > 0 ? [`${left} of ${counted(total, "interface")} not shown`] : [],
  });
  const { t } = caption.margin as { t: number };
  const axis = { visible: false, fixedrange: false };
  const height = Math.max(picture.height, 120);
  return new Figure({
    data: picture.data,
    layout: {
      ...caption,
      width: picture.width + 2 * margin,
      height: t + height + 56,
      margin: { l: margin, r: margin, t, b: 56 },
      shapes: picture.shapes,
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 0, yanchor: "top", itemsizing: "constant" },
      hovermode: "closest",
      xaxis: { ...axis, range: [-1, picture.width + 1] },
      yaxis: { ...axis, range: [height + 1, -1] },
      ...(total === 0 ? nothing(caption, "interfaces of machines or namespaces", provenance) : {}),
    },
  });
}
