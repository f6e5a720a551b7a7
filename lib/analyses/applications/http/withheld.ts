/** Longest path that is kept of a request. */
export const pathCharacters = 256;
/** Longest name of a host (RFC 1035, 2.3.4). */
export const hostCharacters = 255;

/** What begins a query, parameters or a fragment, and an address within a path; escaped, too, and escaped again. */
const secretFrom = /[?;#&]|%(?:25)*(?:3f|3b|23|26)|%(?:25)*3a(?:%(?:25)*2f){2}/i;
/** Name or address of a host, and its port. */
const authority = /^(?:\[[0-9a-f:.%]+\]|[\w.~\x80-\xff-]*)(?::\d{1,5})?$/i;

/**
 * The paths of request targets: without query, parameters and fragment, and without scheme, user and host. A comma may be part of a
 * target or lie between two: what follows the first mark of a query is taken away to the end. Of what may be a user and a password before
 * a host, nothing is kept, wherever it stands.
 */
export function pathsOnly(targets: string): string {
  const [plain = ""] = targets.split(secretFrom, 1);
  return (
    plain
      .replace(/(^|,)[a-z][a-z0-9+.-]*:\/\/[^/,]*/gi, "$1")
      // What CONNECT names, and addresses within a path.
      .replace(/(^|,|\/\/)[^/,]*@/g, "$1")
      .replace(/[^/,]*(?::|%(?:25)*3a)[^/,]*(?:@|%(?:25)*40)/gi, "")
      .slice(0, 8 * pathCharacters)
  );
}

/** The names of Host headers, joined by commas: what is no name or address is left out, and all before a name that has a user. */
export function hostsOnly(hosts: string): string {
  const parts = hosts.split(",");
  const last = parts.findLastIndex((part) => part.includes("@"));
  return parts
    .map((part, index) => {
      // A password may hold a comma.
      const name = index < last ? "" : part.slice(part.lastIndexOf("@") + 1).trim();
      return authority.test(name) ? name : "";
    })
    .join(",");
}
