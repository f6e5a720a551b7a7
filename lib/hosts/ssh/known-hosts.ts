import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";

/** One key of a known_hosts file that speaks of a host (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownKey {
  type: string;
  key: Buffer;
  revoked: boolean;
  /** File and line, for messages. */
  at: string;
}

/** The keys that the files know for a host; certificate authorities are left out, since ssh2 can't check certificates. */
export async function knownKeys(files: readonly string[], knownAs: string): Promise<KnownKey[]> {
  const name = knownAs.toLowerCase();
  const found: KnownKey[] = [];
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => "");
    for (const [index, line] of text.split("\n").entries()) {
      const key = parseLine(line.trim(), name);
      if (key !== undefined) found.push({ ...key, at: `${file}:${index + 1}` });
    }
  }
  return found;
}

function parseLine(line: string, name: string): Omit<KnownKey, "at"> | undefined {
  if (line === "" || line.startsWith("#")) return undefined;
  const words = line.split(/\s+/);
  const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
  const [hosts, type, key] = words;
  if (hosts === undefined || type === undefined || key === undefined || marker === "@cert-authority")
    return undefined;
  if (!(hosts.startsWith("|1|") ? matchesHash(hosts, name) : matchesPatterns(hosts.toLowerCase(), name)))
    return undefined;
  return { type, key: Buffer.from(key, "base64"), revoked: marker === "@revoked" };
}

/** `|1|salt|hash`: HMAC-SHA1 of the name under the salt. */
function matchesHash(field: string, name: string): boolean {
  const [, , salt, hash] = field.split("|");
  if (salt === undefined || hash === undefined) return false;
  const wanted = Buffer.from(hash, "base64");
  const computed = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return wanted.length === computed.length && timingSafeEqual(wanted, computed);
}

/** Comma-separated patterns with `*` and `?`; one that starts with `!` and matches decides against. */
export function matchesPatterns(field: string, name: string): boolean {
  let matched = false;
  for (const pattern of field.split(",")) {
    const negated = pattern.startsWith("!");
    if (!matchesPattern(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

/** Whether a name fits a pattern with `*` and `?`. */
export function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern.replace(
    /[.*+?^${}()|[\]\\]/g,
    (sign) => ({ "*": ".*", "?": "." })[sign] ?? `\\${sign}`,
  );
  return new RegExp(`^${source}$`, "s").test(name);
}

/** As `ssh-keygen -l` prints it. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
