import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** The files that a pattern names, in order (glob(7), with `~`); a relative one is looked for in `folder`. */
export async function filesOf(pattern: string, folder: string): Promise<string[]> {
  const absolute = pattern.startsWith("~/")
    ? join(homedir(), pattern.slice(2))
    : pattern.startsWith("/")
      ? pattern
      : join(folder, pattern);
  let found = ["/"];
  for (const part of absolute.split("/").filter((name) => name !== ""))
    found = (await Promise.all(found.map((parent) => matching(parent, part)))).flat();
  return found;
}

async function matching(parent: string, part: string): Promise<string[]> {
  if (!/[*?[]/.test(part)) {
    const path = join(parent, part);
    return stat(path).then(
      () => [path],
      () => [],
    );
  }
  const names = await readdir(parent).catch(() => []);
  const pattern = expressionOf(part);
  // Names that begin with a dot are matched by a dot only.
  const fitting = names.filter((name) => pattern.test(name) && name.startsWith(".") === part.startsWith("."));
  return fitting.sort().map((name) => join(parent, name));
}

function expressionOf(part: string): RegExp {
  const source = part.replace(/\[!?\]?[^\]]*\]|[\s\S]/g, (sign) => {
    if (sign === "*") return ".*";
    if (sign === "?") return ".";
    if (sign.length === 1) return sign.replace(/[\\^$.*+?()[\]{}|]/, "\\$&");
    const negated = sign.startsWith("[!");
    const members = sign.slice(negated ? 2 : 1, -1).replace(/[\\\]^[]/g, "\\$&");
    return `[${negated ? "^" : ""}${members}]`;
  });
  return new RegExp(`^${source}$`, "s");
}
