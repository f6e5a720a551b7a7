import { readFile } from "node:fs/promises";
import { reasonOf } from "../../errors/index.js";
import { unsupported } from "./config/index.js";
import type { Endpoint } from "./endpoint.js";
import type { KnownKey } from "./known-hosts.js";

/** How a key revocation list begins (OpenSSH's PROTOCOL.krl). */
const binaryList = "SSHKRL\n\0";

/**
 * The keys of a file that RevokedHostKeys names, one public key a line. Where it can't be read, OpenSSH refuses every host.
 *
 * @throws SkbookError `SSH_CONFIG_UNSUPPORTED` for a file that is missing, a revocation list of ssh-keygen -k, or no list of keys.
 */
export async function readRevoked({
  path,
  place,
}: NonNullable<Endpoint["revokedKeys"]>): Promise<KnownKey[]> {
  const bytes = await readFile(path).catch((error) => {
    throw unsupported(place, `the revoked keys can't be read: ${reasonOf(error)}`);
  });
  if (bytes.subarray(0, binaryList.length).toString("latin1") === binaryList)
    throw unsupported(
      place,
      `${path} is a revocation list of ssh-keygen -k; skbook reads lists of public keys`,
    );
  return bytes
    .toString("utf8")
    .split("\n")
    .map((line, index) => ({ words: line.trim().split(/[ \t]+/), at: `${path}:${index + 1}` }))
    .filter(({ words: [first = ""] }) => first !== "" && !first.startsWith("#"))
    .map(({ words: [type = "", key = ""], at }) => {
      const bytes = Buffer.from(key, "base64");
      // A key holds the name of its own type behind four bytes of length.
      if (bytes.subarray(4, 4 + type.length).toString("latin1") !== type)
        throw unsupported(place, `${at} is no public key`);
      return { type, key: bytes, revoked: true, at };
    });
}
