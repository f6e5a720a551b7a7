import { copyFile, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { type KernelVersion, kernelPackage, kernels, sources } from "../kernels.js";
import { type Built, built } from "./cache.js";
import { ext4 } from "./ext4.js";
import { copyGuestFiles, guestFiles } from "./guest-files.js";

/** What the initrd needs to find the disks. */
const bootModules = ["virtio_pci", "virtio_blk"];

/** The commands of the initrd's init, all of them busybox's. */
const applets = ["sh", "mount", "insmod", "sleep", "switch_root"];

/** A Debian kernel, ready to boot: `vmlinuz`, `initrd.gz`, and `modules.img` for /lib/modules, which holds vmlinuz, too, for nested guests. */
export async function kernelImage(version: KernelVersion): Promise<Built> {
  const lines = sources(kernels[version].suite);
  const content = [kernelPackage, lines, bootModules, applets, await guestFiles("initrd")];
  return built(`kernel-${version}`, content, async (folder) => {
    const tree = join(folder, "tree");
    await unpackKernel(lines, tree);
    const merged = (await readdir(tree)).includes("lib") ? tree : join(tree, "usr");
    const modules = join(merged, "lib", "modules");
    const [release = ""] = await readdir(modules);
    await execa("depmod", ["-b", merged, release]);
    await copyFile(join(tree, "boot", `vmlinuz-${release}`), join(folder, "vmlinuz"));
    await copyFile(join(folder, "vmlinuz"), join(modules, "vmlinuz"));
    await packInitrd(await modulesFor(merged, release), join(tree, "initrd"), join(folder, "initrd.gz"));
    await ext4(modules, join(folder, "modules.img"), "256M");
    await rm(tree, { recursive: true });
  });
}

/** Gets the newest kernel of a suite with apt, which checks signatures, and unpacks it. */
async function unpackKernel(lines: readonly string[], tree: string): Promise<void> {
  await mkdir(join(tree, "apt", "preferences.d"), { recursive: true });
  for (const folder of ["lists/partial", "archives/partial"]) {
    await mkdir(join(tree, "apt", folder), { recursive: true });
  }
  await writeFile(join(tree, "apt", "sources.list"), `${lines.join("\n")}\n`);
  await writeFile(join(tree, "apt", "status"), "");
  const folders = {
    "Dir::Etc": "",
    "Dir::State": "",
    "Dir::State::Lists": "lists",
    "Dir::State::Status": "status",
    "Dir::Cache": "",
  };
  const options = [
    ...Object.entries(folders).map(([option, name]) => `${option}=${join(tree, "apt", name)}`),
    ...["APT::Architecture=amd64", "APT::Architectures=amd64", "APT::Sandbox::User=root"],
    "Acquire::Languages=none",
  ].flatMap((option) => ["-o", option]);
  const archives = join(tree, "apt", "archives");
  await execa("apt-get", ["-qq", ...options, "update"]);
  const { stdout } = await execa("apt-cache", [...options, "depends", kernelPackage]);
  const newest = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
  if (newest === undefined) throw new Error(`${kernelPackage} depends on no kernel:\n${stdout}`);
  await execa("apt-get", ["-qq", ...options, "download", newest], { cwd: archives });
  const [deb = ""] = (await readdir(archives)).filter((name) => name.endsWith(".deb"));
  await execa("dpkg-deb", ["-x", join(archives, deb), tree]);
}

/** Paths of the modules that the initrd loads, in the order in which they need each other. */
async function modulesFor(merged: string, release: string): Promise<string[]> {
  const paths: string[] = [];
  for (const name of bootModules) {
    const { stdout } = await execa("modprobe", ["-d", merged, "-S", release, "--show-depends", name]);
    paths.push(...[...stdout.matchAll(/^insmod (\S+)/gm)].map((match) => match[1] as string));
  }
  return [...new Set(paths)];
}

async function packInitrd(modules: readonly string[], tree: string, file: string): Promise<void> {
  for (const folder of ["bin", "modules", "proc", "sys", "dev", "root"]) {
    await mkdir(join(tree, folder), { recursive: true });
  }
  await copyFile("/bin/busybox", join(tree, "bin", "busybox"));
  for (const applet of applets) await symlink("busybox", join(tree, "bin", applet));
  await copyGuestFiles("initrd", tree);
  const order: string[] = [];
  for (const path of modules) {
    const name = basename(path, ".xz");
    if (path.endsWith(".xz")) {
      await execa("busybox", ["xz", "-dc", path], { stdout: { file: join(tree, "modules", name) } });
    } else await copyFile(path, join(tree, "modules", name));
    order.push(name);
  }
  await writeFile(join(tree, "modules", "order"), order.map((name) => `${name}\n`).join(""));
  const files = execa({ cwd: tree })`find . -print0`;
  const archive = files.pipe({ cwd: tree, encoding: "buffer" })`cpio -0 -o -H newc -R 0:0 --quiet`;
  await archive.pipe({ encoding: "buffer", stdout: { file } })`gzip -1`;
}
