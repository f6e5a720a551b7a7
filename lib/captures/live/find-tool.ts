import { type Host, inNamespace, type OwnConnection } from "../../hosts/index.js";
import { answerOf } from "../answer.js";
import { captureError, noTool } from "./errors.js";
import { type Asked, type CaptureTool, captureTools } from "./tools.js";

/** The first of some tools that a host has, and where. */
export async function findTool(host: Host, names: readonly string[]): Promise<[CaptureTool, string]> {
  // sbin is not in every user's PATH.
  const script = 'PATH=$PATH:/usr/sbin:/sbin; for tool; do command -v "$tool" && break; done';
  const command = ["sh", "-c", script, "sh", ...names];
  const path = (await answerOf(host, command, `capture on ${host.name}`, { root: true })).text.trim();
  const tool = captureTools.find(({ name }) => path.endsWith(`/${name}`));
  if (tool === undefined) throw noTool(host.name, names);
  return [tool, path];
}

/** Fails unless the host's own tool can compile the filter for the devices: before anything is started for it. */
export async function checkFilter(
  host: Host,
  found: [CaptureTool, string],
  asked: Asked,
  tried: string,
): Promise<void> {
  if (asked.filter === "") return;
  const refused = await refusal(host, found, asked, tried);
  if (refused !== null) throw captureError(tried, refused, "BAD_FILTER");
}

/**
 * The filter without the connection that brings the packets, each of which would make more of them; null where the link layer of one of the devices
 * has no such thing. It stands in front, since `vlan` changes what follows it.
 */
export async function withoutOwn(
  host: Host,
  found: [CaptureTool, string],
  asked: Asked,
  { client, server }: OwnConnection,
  tried: string,
): Promise<string | null> {
  const own = `tcp and host ${client.address} and host ${server.address} and port ${client.port} and port ${server.port}`;
  const filter = `not (${own})${asked.filter === "" ? "" : ` and (${asked.filter})`}`;
  return (await refusal(host, found, { ...asked, filter }, tried)) === null ? filter : null;
}

/** What a tool says of a filter that it can't compile for one of the devices; null where it can. */
async function refusal(
  host: Host,
  [tool, path]: [CaptureTool, string],
  asked: Asked,
  tried: string,
): Promise<string | null> {
  const compile = inNamespace(asked.netns, tool.compile(path, asked));
  const { text, stderr } = await answerOf(host, compile, tried, { root: true });
  // dumpcap ends with 0 either way, and prints what it could compile for others.
  return text.trim() === "" || /invalid capture filter/i.test(stderr) ? stderr : null;
}
