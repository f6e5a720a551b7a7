import { SkbookError } from "../../errors/index.js";
import type { Host } from "../../hosts/index.js";
import type { Target } from "../target.js";
import { layoutNote } from "./layout-test.js";

/**
 * The target, with where its kernel's structs have their fields: asked of the host once, and never in a replay.
 *
 * @throws SkbookError `BTF_MISSING`; `BTF_MISMATCH` where a file that was given is another kernel's.
 */
export async function knownTarget(
  host: Host,
  target: Target,
  modules: readonly string[] = [],
): Promise<Target> {
  const btf = await host.btf({ modules });
  if (btf === null) throw missing(target);
  const known = { ...target, layouts: btf.layouts, layoutNotes: btf.notes };
  if (btf.source === "host") return known;
  return { ...known, layoutNotes: [...btf.notes, ...(await layoutNote(host, known))] };
}

function missing({ host }: Target): SkbookError {
  return new SkbookError({
    code: "BTF_MISSING",
    tried: `read where ${host}'s kernel has its structs' fields`,
    failed: "its BTF could not be read",
    todo: "boot a kernel with CONFIG_DEBUG_INFO_BTF, or give a file of its BTF: connect(host, { btf })",
  });
}
