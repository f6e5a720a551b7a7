import { sayFunction } from "../sections.js";
import { oneLine, shellLine } from "../shell.js";

/** Namespaces beyond these are left out, and counted. */
const maxNamespaces = 256;

/** Of lines with a namespace and a process: which process is the first in each, how many there are, and what it is called. */
const firstProcessFilter = oneLine(`
  /^net:/ { n = $1; gsub(/[^0-9]/, "", n); split($2, p, "/"); count[n]++;
  if (!(n in first) || p[3] + 0 < first[n]) first[n] = p[3] + 0 }
  END { for (n in first) { comm = ""; getline comm < ("/proc/" first[n] "/comm"); print n, first[n], count[n], comm } }
`);

/**
 * Lines of a script that look into every network namespace that has a name or a process, the script's own first. They leave sections
 * for {@link namespaceNames}: `own`, `named` and `used`.
 *
 * @param look what is done in each: lines of sh, with the namespace's inode as `$1` and `say NAME` to begin a section.
 */
export function inEveryNamespace(look: string): string {
  const quoted = (text: string) => shellLine([text]);
  return [
    "own=$(readlink /proc/self/ns/net | tr -dc 0-9); say own; echo $own",
    `look=${quoted(`exec 2>/dev/null; ${sayFunction}; ${look}`)}; sh -c "$look" sh $own`,
    "named=$(stat -L -c '%i %n' /run/netns/*); say named; echo \"$named\"",
    `used=$(find /proc/[0-9]*/ns/net -maxdepth 0 -printf '%l %h\\n' | awk ${quoted(firstProcessFilter)} | sort -n); say used; echo "$used"`,
    `{ echo "$named"; echo "$used" | awk '{ print $1, "/proc/" $2 "/ns/net" }'; } | ` +
      `awk -v own=$own '$1 != "" && $1 != own && !seen[$1]++' | head -n ${maxNamespaces} | ` +
      'while read -r inode path; do timeout 5 nsenter --net="$path" sh -c "$look" sh $inode; done',
  ].join("; ");
}
