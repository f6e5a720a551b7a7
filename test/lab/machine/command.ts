/** The files and sizes that a machine is made of. */
export interface MachineParts {
  kernel: string;
  initrd: string;
  /** The root file system: a qcow2 over the image. */
  root: string;
  /** Throws away what is written to the root file system. */
  throwAway: boolean;
  modules: string;
  lab: string;
}

/** What a machine leaves and listens on while it runs. */
export interface MachineFiles {
  console: string;
  monitor: string;
  pid: string;
}

/** Kernels of guests are the same every time: no address randomisation; and they trust the emulated clock. */
const kernelLine =
  "console=ttyS0 quiet mitigations=off nokaslr tsc=reliable clocksource=tsc random.trust_cpu=on audit=0 panic=-1 net.ifnames=0";

/** Names that are the same wherever the lab runs; its files come with {@link machineCommand}. */
export const machineOptions: readonly string[] = [
  ...["-machine", "q35,usb=off,vmport=off", "-accel", "tcg,thread=multi,tb-size=512"],
  ...["-cpu", "max", "-smp", "2", "-m", "2G"],
  ...["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-device", "virtio-rng-pci"],
  ...["-append", kernelLine],
  // Nothing but the forwarded port gets in, and nothing gets out. No IPv6: QEMU's router advertises itself every few minutes, and older kernels free
  // what they have handled of ICMPv6 as if it were dropped.
  ...["-netdev", "user,id=management,ipv6=off,net=192.0.2.0/24,restrict=on,hostfwd=tcp:127.0.0.1:0-:22"],
  ...["-device", "virtio-net-pci,netdev=management,romfile="],
];

/** QEMU's command line for an emulated machine: any processor runs it, with or without KVM. */
export function machineCommand(parts: MachineParts, files: MachineFiles): string[] {
  const root = `file=${parts.root},format=qcow2,cache=unsafe${parts.throwAway ? ",snapshot=on" : ""}`;
  const readOnly = (file: string) => `file=${file},format=raw,read-only=on`;
  const drives = [root, readOnly(parts.modules), readOnly(parts.lab)];
  return [
    "qemu-system-x86_64",
    ...machineOptions,
    ...["-kernel", parts.kernel, "-initrd", parts.initrd],
    ...drives.flatMap((drive, index) => [
      ...["-drive", `${drive},if=none,id=disk${index}`],
      ...["-device", `virtio-blk-pci,drive=disk${index}`],
    ]),
    ...["-serial", `file:${files.console}`, "-qmp", `unix:${files.monitor},server=on,wait=off`],
    ...["-pidfile", files.pid],
  ];
}
