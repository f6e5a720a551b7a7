import type { BtfFiles } from "../btf/given.js";
import type { AskPassword } from "../sudo.js";

/** How {@link connect} reaches a host; what is not given comes from ~/.ssh/config and OpenSSH's defaults. */
export interface ConnectOptions {
  /** Private keys, tried in this order after the agent's; public ones name keys of the agent where `IdentitiesOnly` is set. Default: IdentityFile, else ~/.ssh/id_ed25519, id_ecdsa, id_rsa. */
  identityFiles?: string[];
  /** Socket of the SSH agent, or false for none. Default `IdentityAgent`, else `SSH_AUTH_SOCK`. */
  agent?: string | false;
  /**
   * Answers for a key file that has a passphrase; kept in memory only. Without it such a key is left out. The signal is raised when nobody waits
   * for the answer any more.
   */
  passphrase?: (identityFile: string, signal: AbortSignal) => string | Promise<string>;
  /** Files of known host keys. Default: UserKnownHostsFile, else ~/.ssh/known_hosts, and /etc/ssh/ssh_known_hosts. */
  knownHosts?: string[];
  /** Jump hosts, nearest first, as for `ssh -J`. Default: ProxyJump. */
  jump?: string[];
  /** An ssh_config file instead of ~/.ssh/config, or false for none. */
  config?: string | false;
  /** Gives up after so many seconds. Default: ConnectTimeout, else 20. */
  timeoutSeconds?: number;
  /** Asks the server for a sign of life so often; three unanswered ones end the connection. Default 5. */
  keepaliveSeconds?: number;
  /** Compress what goes over the connection, both ways: for large results over a slow network. Default: Compression, else false. */
  compress?: boolean;
  /** The password for sudo where the user isn't root. Default: SKBOOK_SUDO_PASSWORD. Kept in memory only. */
  sudoPassword?: AskPassword;
  /**
   * BTF of the host's kernel, for hosts that have none (before Linux 5.4, and of distributions that build without): the path of a file on
   * this machine, raw BTF or an ELF file with a .BTF section, or `{ vmlinux, modules: { openvswitch: path } }`. It wins over the host's own.
   *
   * The BTFHub archive (https://github.com/aquasecurity/btfhub-archive) has files for many releases of RHEL, CentOS, Debian, Ubuntu, Amazon,
   * Oracle and SUSE; unpack what is packed. Else make it of the distribution's debug package with pahole (dwarves 1.19 or newer):
   * `pahole --btf_encode_detached vmlinux.btf vmlinux`, and for a module
   * `pahole --btf_base vmlinux.btf --btf_encode_detached openvswitch.btf openvswitch.ko.debug`. It has to be the very build that `uname -r` names:
   * distributions change structs within a version.
   */
  btf?: BtfFiles;
  /**
   * The path on the host of the bpftrace that runs probes there: of a newer one than its distribution has, or one that is not on the PATH that commands
   * have. What a probe costs depends on it: 0.23 adds to counts in place, where 0.17 looks each up and writes it anew. Default: the first on that PATH.
   */
  bpftrace?: string;
}
