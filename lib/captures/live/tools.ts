/** What is asked of the capture tool, by the names of {@link CaptureOptions}. */
export interface Asked {
  device: string;
  filter: string;
  maxPackets: number;
  snapLength: number;
}

/** One of the two programs that can stream a capture to stdout. */
export interface CaptureTool {
  name: "tcpdump" | "dumpcap";
  command(path: string, asked: Asked): string[];
  /** What it says once packets are taken. */
  listening: RegExp;
  /** Packets that it says it could not take; undefined where it says nothing. */
  lost(stderr: string): number | undefined;
}

const tcpdump: CaptureTool = {
  name: "tcpdump",
  // Immediate mode: else the packets of the last second are still in the kernel when it is ended.
  command: (path, { device, filter, maxPackets, snapLength }) => [
    ...[path, "-n", "--immediate-mode", "-B", "16384", "-w", "-"],
    ...["-i", device, "-s", String(snapLength), "-c", String(maxPackets)],
    ...(filter === "" ? [] : ["--", filter]),
  ],
  listening: /listening on /,
  lost: (stderr) => sum(stderr, /(\d+) packets? dropped by (?:kernel|interface)/g),
};

const dumpcap: CaptureTool = {
  name: "dumpcap",
  command: (path, { device, filter, maxPackets, snapLength }) => [
    ...[path, "-P", "-q", "-B", "16", "-w", "-"],
    ...[
      "-i",
      device,
      ...(filter === "" ? [] : ["-f", filter]),
      "-s",
      String(snapLength),
      "-c",
      String(maxPackets),
    ],
  ],
  listening: /File: -/,
  lost: (stderr) => sum(stderr, /received\/dropped on interface .*: \d+\/(\d+)/g),
};

/** In the order of preference: tcpdump shows the last packets at once. */
export const captureTools = [tcpdump, dumpcap];

function sum(text: string, pattern: RegExp): number | undefined {
  const found = [...text.matchAll(pattern)].map(([, count]) => Number(count));
  return found.length === 0 ? undefined : found.reduce((total, count) => total + count, 0);
}
