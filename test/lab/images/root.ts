import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { type Suite, sources } from "../kernels.js";
import { type Built, built } from "./cache.js";
import { ext4 } from "./ext4.js";

/** What probes, faults and nested guests need, and no more. */
const packages = [
  "bpftool",
  "bpftrace",
  "busybox-static",
  "conntrack",
  "cpio",
  "ethtool",
  "iperf3",
  "iproute2",
  "iputils-ping",
  "kmod",
  "nftables",
  "openssh-server",
  "openvswitch-switch",
  "procps",
  "python3",
  "qemu-system-x86",
  "tcpdump",
];

const withoutDocumentation = ["man", "doc", "locale", "info"].map(
  (folder) => `path-exclude=/usr/share/${folder}/*`,
);

/** Where the kernel's modules are mounted; Debian's own packages don't make it. */
const modulesFolder = "usr/lib/modules";

/** A Debian suite without a kernel: `root.img`. */
export function rootImage(suite: Suite): Promise<Built> {
  const lines = sources(suite);
  const options = [
    ...["--quiet", "--variant=minbase", "--mode=root", "--aptopt=APT::Install-Recommends false"],
    ...[...withoutDocumentation, "force-unsafe-io"].map((option) => `--dpkgopt=${option}`),
    `--include=${packages.join(",")}`,
  ];
  return built(`root-${suite.name}`, [options, lines, modulesFolder], async (folder) => {
    const tree = join(folder, "tree");
    await execa("nice", ["-n", "10", "mmdebstrap", ...options, suite.name, tree, ...lines]);
    await mkdir(join(tree, modulesFolder), { recursive: true });
    await ext4(tree, join(folder, "root.img"), "2G");
    await rm(tree, { recursive: true });
  });
}
