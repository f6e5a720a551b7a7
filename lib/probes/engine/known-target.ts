import type { Host } from "../../hosts/index.js";
import type { Target } from "../target.js";

/** The target, with where its kernel's structs have their fields: asked of the host once, and never in a replay. */
export async function knownTarget(
  host: Host,
  target: Target,
  modules: readonly string[] = [],
): Promise<Target> {
  const btf = await host.btf({ modules });
  return { ...target, layouts: btf?.layouts ?? null, layoutNotes: btf?.notes ?? [] };
}
