import { field } from "./fields.js";
import { column, type PacketColumn } from "./readers.js";

/** All ids of 802.1ad tags, then all of 802.1Q tags. */
const ids = field("ieee8021ad.id||vlan.id");

/** The tags that a packet has, of either kind. */
export const vlanColumn: PacketColumn = column(
  ["vlan", null, "ids of its VLAN tags, 802.1ad and 802.1Q, outermost first"],
  "VARCHAR",
  [ids],
  (row) => {
    const { tags } = row.layers;
    if (tags === null || !row.has(ids)) return row.text(ids);
    const values = (row.text(ids) as string).split(",");
    return values.length === tags.length ? tags.map((at) => values[at]).join(",") : values.join(",");
  },
);
