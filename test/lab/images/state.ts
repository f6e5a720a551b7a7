import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { type KernelVersion, kernels } from "../kernels.js";
import { type MachineParts, machineOptions } from "../machine/command.js";
import { saveMachine, startMachine, until } from "../machine/machine.js";
import { reach, said } from "../reach.js";
import { topologyScript } from "../topology/script.js";
import type { Topology } from "../topology/topology.js";
import { built } from "./cache.js";
import { ext4 } from "./ext4.js";
import { copyGuestFiles, guestFiles } from "./guest-files.js";
import { kernelImage } from "./kernel.js";
import { rootImage } from "./root.js";

/** A host that stopped in the middle of its life, with everything in place. */
export interface State {
  parts: MachineParts;
  memory: string;
  /** Holds the keys of its user and of itself. */
  folder: string;
}

/** Boots a host of a kernel, builds a topology in it and saves it; or finds it saved. */
export async function savedState(version: KernelVersion, topology: Topology): Promise<State> {
  const [root, kernel] = [await rootImage(kernels[version].userland), await kernelImage(version)];
  const script = topologyScript(topology, kernels[version].guestCpu);
  const { stdout: qemu } = await execa("qemu-system-x86_64", ["--version"]);
  const content = [root.key, kernel.key, script, await guestFiles("host"), machineOptions, qemu];
  const partsIn = (folder: string, throwAway: boolean): MachineParts => ({
    kernel: join(kernel.folder, "vmlinuz"),
    initrd: join(kernel.folder, "initrd.gz"),
    root: join(folder, "root.qcow2"),
    throwAway,
    modules: join(kernel.folder, "modules.img"),
    lab: join(folder, "lab.img"),
  });
  const name = `${version}-${topology.name}`;
  const { folder } = await built(name, content, async (unfinished) => {
    await labImage(unfinished);
    const backing = join(root.folder, "root.img");
    await execa("qemu-img", [
      "create",
      "-q",
      "-f",
      "qcow2",
      "-b",
      backing,
      "-F",
      "raw",
      join(unfinished, "root.qcow2"),
    ]);
    const machine = await startMachine(`build-${name}`, partsIn(unfinished, false));
    try {
      await until(120, `the boot of ${name} (see ${machine.console})`, () =>
        said(machine.console, "LAB-READY"),
      );
      const { host } = await reach(name, machine, unfinished);
      try {
        const { exitCode, stderr, stdout } = await host.exec(["sh", "-euc", script], {
          deadlineSeconds: 240,
        });
        if (exitCode !== 0) throw new Error(`the topology ${name} was not built: ${stdout}\n${stderr}`);
        await host.exec(["sh", "-c", "sync; echo 3 > /proc/sys/vm/drop_caches"]);
      } finally {
        await host.close();
      }
      await saveMachine(machine, join(unfinished, "memory.zst"));
    } finally {
      await machine.end();
    }
  });
  return { parts: partsIn(folder, true), memory: join(folder, "memory.zst"), folder };
}

/** Makes keys, and the disk with the lab's own files and the host's half of the keys. */
async function labImage(folder: string): Promise<void> {
  const tree = join(folder, "tree");
  await mkdir(tree);
  const keygen = (file: string) =>
    execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", file]);
  await keygen(join(folder, "user_key"));
  await keygen(join(folder, "host_key"));
  await copyGuestFiles("host", tree);
  await execa("cp", [join(folder, "host_key"), tree]);
  await execa("cp", [join(folder, "user_key.pub"), join(tree, "authorized_keys")]);
  await ext4(tree, join(folder, "lab.img"), "8M");
  await rm(tree, { recursive: true });
}
