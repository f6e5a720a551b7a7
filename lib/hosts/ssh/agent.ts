import { readFile } from "node:fs/promises";
import type { BaseAgent, IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from "ssh2";

/**
 * An agent that is asked only for the keys of some identity files, which may hold a private or a public key (ssh_config(5), IdentitiesOnly).
 *
 * @param path its socket.
 */
export async function agentOfFiles(path: string, identityFiles: readonly string[]): Promise<BaseAgent> {
  const { default: ssh2 } = await import("ssh2");
  const blobs = (await Promise.all(identityFiles.map(publicKeys))).flat();
  const agent = new ssh2.OpenSSHAgent(path);
  const isNamed = (key: object) =>
    "getPublicSSH" in key && blobs.some((blob) => blob.equals((key as ParsedKey).getPublicSSH()));
  class AgentOfFiles extends ssh2.BaseAgent<ParsedKey> {
    getIdentities(done: IdentityCallback<ParsedKey>): void {
      agent.getIdentities((error, keys) => {
        if (error) done(error);
        else done(undefined, keys?.filter(isNamed));
      });
    }

    sign(key: ParsedKey, data: Buffer, options: SigningRequestOptions | SignCallback, done?: SignCallback) {
      if (typeof options === "function") agent.sign(key, data, options);
      else agent.sign(key, data, options, done);
    }
  }
  return new AgentOfFiles();
}

/** The public halves that a file or its neighbour `.pub` shows without a passphrase. */
async function publicKeys(file: string): Promise<Buffer[]> {
  const { default: ssh2 } = await import("ssh2");
  const blobs: Buffer[] = [];
  for (const path of [file, `${file}.pub`]) {
    const text = await readFile(path).catch(() => null);
    if (text === null) continue;
    const key = ssh2.utils.parseKey(text);
    if (!(key instanceof Error)) blobs.push(key.getPublicSSH());
  }
  return blobs.length > 0 ? blobs : lockedKey(await readFile(file, "latin1").catch(() => ""));
}

/** OpenSSH's own format has the public half in clear (PROTOCOL.key): magic, cipher, KDF, its options, number of keys, the first public key. */
function lockedKey(text: string): Buffer[] {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([\w+/=\s]+)-----END/.exec(text)?.[1] ?? "";
  const bytes = Buffer.from(base64, "base64");
  const magic = "openssh-key-v1\0";
  if (bytes.toString("latin1", 0, magic.length) !== magic) return [];
  let at = magic.length;
  const next = (): Buffer | undefined => {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    const found = end > bytes.length ? undefined : bytes.subarray(at + 4, end);
    at = end;
    return found;
  };
  for (let skipped = 0; skipped < 3; skipped += 1) next();
  at += 4;
  const found = next();
  return found === undefined ? [] : [found];
}
