import { SkbookError } from "../../errors/index.js";
import type { Endpoint } from "./endpoint.js";
import { fingerprint, type KnownKey, knownKeys } from "./known-hosts.js";
import { readRevoked } from "./revoked-keys.js";

/** Decides on the key that a server shows; an unknown or changed one is always refused. */
export class HostKeyCheck {
  /** Why the key was refused, once it was. */
  refusal: SkbookError | undefined;

  private constructor(
    private readonly endpoint: Endpoint,
    private readonly known: readonly KnownKey[],
  ) {}

  static async for(endpoint: Endpoint): Promise<HostKeyCheck> {
    const known = await knownKeys(endpoint.knownHostsFiles, endpoint.knownAs);
    const revoked = endpoint.revokedKeys === undefined ? [] : await readRevoked(endpoint.revokedKeys);
    return new HostKeyCheck(endpoint, [...known, ...revoked]);
  }

  /** Key algorithms of the known keys, to be asked for first, so that the server shows the key that is known. */
  get algorithms(): string[] | undefined {
    const types = this.known.filter((key) => !key.revoked).flatMap(({ type }) => signatures[type] ?? []);
    return types.length > 0 ? [...new Set(types)] : undefined;
  }

  accepts(key: Buffer): boolean {
    const same = this.known.filter((known) => known.key.equals(key));
    const revoked = same.find((known) => known.revoked);
    if (revoked !== undefined) this.refusal = this.revoked(key, revoked);
    else if (same.length > 0) return true;
    else if (this.known.some((known) => !known.revoked)) this.refusal = this.changed(key);
    else this.refusal = this.unknown(key);
    return false;
  }

  private get tried(): string {
    return `check the host key of ${this.endpoint.name}`;
  }

  private unknown(key: Buffer): SkbookError {
    const { port, hostname, knownHostsFiles } = this.endpoint;
    return new SkbookError({
      code: "HOST_KEY_UNKNOWN",
      tried: this.tried,
      failed: `no known_hosts file knows it; its fingerprint is ${fingerprint(key)}`,
      todo: `compare the fingerprint with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there), then connect once with ssh, or add the line of: ssh-keyscan -p ${port} ${hostname}`,
      details: { fingerprint: fingerprint(key), knownHostsFiles },
    });
  }

  private changed(key: Buffer): SkbookError {
    const known = this.known.filter((entry) => !entry.revoked);
    return new SkbookError({
      code: "HOST_KEY_CHANGED",
      tried: this.tried,
      failed: `the server shows ${fingerprint(key)}, but known is ${known.map((entry) => `${fingerprint(entry.key)} (${entry.at})`).join(", ")}`,
      todo: "find out why before anything else: the host was reinstalled, or something sits in between. Only then remove the old line (ssh-keygen -R)",
      details: { fingerprint: fingerprint(key), known: known.map((entry) => entry.at) },
    });
  }

  private revoked(key: Buffer, entry: KnownKey): SkbookError {
    return new SkbookError({
      code: "HOST_KEY_REVOKED",
      tried: this.tried,
      failed: `${entry.at} marks ${fingerprint(key)} as revoked`,
      todo: "do not use this host until its key was replaced",
    });
  }
}

/** Signature algorithms by key type. */
const signatures: Record<string, string[]> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
};
