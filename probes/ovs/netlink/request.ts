import type { Column, Value } from "../../../lib/tables/index.js";
import { actionsText } from "./actions.js";
import { attributesIn, payloadOf } from "./attributes.js";
import { flowColumns, flowValues } from "./flow.js";
import { hexBytes } from "./values.js";

/** struct nlmsghdr, struct genlmsghdr and struct ovs_header, behind which attributes stand. */
const [sequenceAt, portAt, commandAt, datapathAt, attributesAt] = [8, 12, 16, 20, 24];

/** Where a message has its number, and behind it the socket that it came by: 8 bytes. */
export const requestPlace = sequenceAt;

/** enum ovs_flow_cmd. */
const operations = new Map([
  [1, "new"],
  [2, "delete"],
  [4, "set"],
]);

/** enum ovs_flow_attr. */
const attribute = { key: 1, actions: 2, mask: 7, probe: 8, ufid: 9 } as const;

/** What a request to change the flow table says. */
export const requestColumns: readonly Column[] = [
  {
    name: "operation",
    type: "VARCHAR",
    meaning:
      "new: a flow is put in; set: its actions or counters are changed; delete: it is taken out, or all are",
  },
  ...flowColumns,
  {
    name: "actions",
    type: "VARCHAR",
    meaning:
      "what is done with packets, as ovs-dpctl writes it; `drop` where that is nothing; null where it isn't said",
  },
  {
    name: "ufid",
    type: "VARCHAR",
    meaning: "the flow's identifier; null where it has none, or all are deleted",
  },
  {
    name: "datapath",
    type: "INTEGER",
    meaning: "interface index of the datapath, that of ovs-system as a rule",
  },
  {
    name: "feature_probe",
    type: "BOOLEAN",
    meaning: "ovs-vswitchd only tries what the kernel can do: it takes the flow out again",
  },
  { name: "netlink_port", type: "BIGINT", meaning: "netlink socket that the request came by" },
  { name: "netlink_seq", type: "BIGINT", meaning: "number of the request on that socket" },
  { name: "length_bytes", type: "INTEGER", unit: "bytes", meaning: "the request by its own header" },
  {
    name: "whole",
    type: "BOOLEAN",
    meaning: "all of the request could be read; else what stands behind the cut, or is damaged, is null",
  },
];

/**
 * The values of {@link requestColumns}, of a request to OVS_FLOW_FAMILY.
 *
 * @param bytes a netlink message from its header on, or as much of it as there is: nothing in it is believed.
 */
export function requestValues(bytes: Buffer): readonly Value[] {
  if (bytes.length < attributesAt) return requestColumns.map(({ name }) => (name === "whole" ? false : null));
  const length = bytes.readUInt32LE(0);
  const attributes = attributesIn(bytes.subarray(attributesAt, Math.max(attributesAt, length)));
  const nested = (type: number) => {
    const payload = payloadOf(attributes, type);
    return payload === undefined ? null : attributesIn(payload);
  };
  const [key, mask] = [nested(attribute.key), nested(attribute.mask)];
  const actions = payloadOf(attributes, attribute.actions);
  const ufid = payloadOf(attributes, attribute.ufid);
  const has = (type: number) => payloadOf(attributes, type) !== undefined;
  // A mask that is cut off is no mask that lets everything count.
  const isKnown = key?.whole !== false && mask?.whole !== false && (attributes.whole || mask !== null);
  const actionsWritten = actions === undefined ? null : actionsText(actions);
  const command = bytes.readUInt8(commandAt);
  return [
    operations.get(command) ?? `command_${command}`,
    ...flowValues(isKnown ? key : null, mask),
    actionsWritten,
    ufid === undefined ? null : ufidText(ufid),
    bytes.readInt32LE(datapathAt),
    has(attribute.probe) || attributes.whole ? has(attribute.probe) : null,
    bytes.readUInt32LE(portAt),
    bytes.readUInt32LE(sequenceAt),
    length,
    length <= bytes.length &&
      attributes.whole &&
      isKnown &&
      (actions === undefined || actionsWritten !== null),
  ];
}

/** As ovs-dpctl writes it: four words of the machine's own byte order. */
function ufidText(bytes: Buffer): string {
  if (bytes.length !== 16) return hexBytes(bytes);
  const word = (index: number) =>
    bytes
      .readUInt32LE(4 * index)
      .toString(16)
      .padStart(8, "0");
  const [a, b, c, d] = [word(0), word(1), word(2), word(3)];
  return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`;
}
