import type { Snapshot } from "../sections.js";

/** The host's own namespace is called so in every answer. */
export const hostNamespace = "host";

/**
 * Names of the network namespaces by inode: that of `ip netns`, else the first process that is in it.
 */
export function namespaceNames({ own = "", named = "", used = "" }: Snapshot): Map<string, string> {
  const names = new Map([[own, hostNamespace]]);
  for (const [, inode = "", path = ""] of named.matchAll(/^(\d+) (.*)$/gm)) {
    if (!names.has(inode)) names.set(inode, path.slice(path.lastIndexOf("/") + 1));
  }
  for (const [, inode = "", pid, comm] of used.matchAll(/^(\d+) (\d+) \d+ (.*)$/gm)) {
    if (!names.has(inode)) names.set(inode, `${comm} (pid ${pid})`);
  }
  return names;
}

/** The ids by which each namespace knows others, of those that have a name: inode, id, inode. */
export function namespaceIds(
  sections: Snapshot,
  names: ReadonlyMap<string, string>,
): Map<string, Map<number, string>> {
  const inodes = new Map([...names].map(([inode, name]) => [name, inode]));
  return new Map(
    [...names.keys()].map((inode) => {
      const ids = parsed(sections[`nsids.${inode}`]).flatMap(({ nsid, name }): [number, string][] => {
        const other = inodes.get(name ?? "");
        return nsid === undefined || other === undefined ? [] : [[nsid, other]];
      });
      return [inode, new Map(ids)];
    }),
  );
}

function parsed(json: string | undefined): { nsid?: number; name?: string }[] {
  try {
    return JSON.parse(json ?? "[]");
  } catch {
    return [];
  }
}
