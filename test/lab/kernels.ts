/** Where Debian keeps a suite. */
export interface Suite {
  name: string;
  security: string;
}

/** A kernel that the lab boots: the newest of a Debian suite's cloud kernels. */
export interface Kernel {
  suite: Suite;
  /** Whose programs run above it, bpftrace and Open vSwitch among them. */
  userland: Suite;
  /** Keeps nested guests of this kernel from a CPU feature that they don't get right under emulation. */
  guestCpu: string;
}

const bullseye: Suite = { name: "bullseye", security: "bullseye-security" };
const bookworm: Suite = { name: "bookworm", security: "bookworm-security" };
const trixie: Suite = { name: "trixie", security: "trixie-security" };

/** By version, oldest first. The bpftrace of Debian 11 is too old, so Debian 12 runs above its kernel, too. */
export const kernels = {
  "5.10": { suite: bullseye, userland: bookworm, guestCpu: "host,-xsave" },
  "6.1": { suite: bookworm, userland: bookworm, guestCpu: "host" },
  "6.12": { suite: trixie, userland: trixie, guestCpu: "host" },
} as const satisfies Record<string, Kernel>;

export type KernelVersion = keyof typeof kernels;

export const kernelVersions = Object.keys(kernels) as KernelVersion[];

/** The package that depends on the newest kernel of a suite. */
export const kernelPackage = "linux-image-cloud-amd64";

export const mirror = {
  main: "http://deb.debian.org/debian",
  security: "http://deb.debian.org/debian-security",
  keyring: "/usr/share/keyrings/debian-archive-keyring.gpg",
};

/** Lines of a sources.list for a suite and its security updates. */
export function sources({ name, security }: Suite): string[] {
  const options = `[arch=amd64 signed-by=${mirror.keyring}]`;
  return [`deb ${options} ${mirror.main} ${name} main`, `deb ${options} ${mirror.security} ${security} main`];
}
