import type { Host } from "../../hosts/index.js";
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
  [tool, path]: [CaptureTool, string],
  asked: Asked,
  tried: string,
): Promise<void> {
  if (asked.filter === "") return;
  const { text, stderr } = await answerOf(host, tool.compile(path, asked), tried, { root: true });
  // dumpcap ends with 0 either way.
  if (text.trim() === "") throw captureError(tried, stderr, "BAD_FILTER");
}
