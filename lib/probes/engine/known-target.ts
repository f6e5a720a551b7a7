import type { Host } from "../../hosts/index.js";
import type { Target } from "../target.js";

/** The target, with where its kernel's structs have their fields: asked of the host once, and never in a replay. */
export async function knownTarget(host: Host, target: Target): Promise<Target> {
  return { ...target, layouts: (await host.btf())?.layouts ?? null };
}
