/** What is asked of the capture tool, by the names of {@link CaptureOptions}. */
export interface Asked {
  /** Several at once need dumpcap. */
  device: string | string[];
  filter: string;
  maxPackets: number;
  snapLength: number;
}

/** One of the two programs that can stream a capture to stdout. */
export interface CaptureTool {
  name: "tcpdump" | "dumpcap";
  command(path: string, asked: Asked): string[];
  /**
   * How late packets may come, in milliseconds: the kernel hands a block of them over when it is full, or after one to two of the
   * tool's time-outs. (tcpdump's immediate mode would not wait, but has room for 256 packets only on devices with offloading.)
   */
  lateness: number;
  /** What it says once packets are taken. */
  listening: RegExp;
  /** Packets that it says it could not take; undefined where it says nothing. */
  lost(stderr: string): number | undefined;
}

const tcpdump: CaptureTool = {
  name: "tcpdump",
  command: (path, { device, filter, maxPackets, snapLength }) => [
    ...[path, "-n", "--nano", "-B", "16384", "-w", "-"],
    ...["-i", String(device), "-s", String(snapLength), "-c", String(maxPackets)],
    ...(filter === "" ? [] : ["--", filter]),
  ],
  lateness: 2_200,
  listening: /listening on /,
  lost: (stderr) => sum(stderr, /(\d+) packets? dropped by (?:kernel|interface)/g),
};

const dumpcap: CaptureTool = {
  name: "dumpcap",
  command: (path, { device, filter, maxPackets, snapLength }) => [
    ...[path, "-q", "-B", "16", "-w", "-", "-c", String(maxPackets)],
    ...[device].flat().flatMap((one) => {
      return ["-i", one, ...(filter === "" ? [] : ["-f", filter]), "-s", String(snapLength)];
    }),
  ],
  lateness: 600,
  listening: /File: -/,
  lost: (stderr) => sum(stderr, /received\/dropped on interface .*: \d+\/(\d+)/g),
};

/** In the order of preference. */
export const captureTools = [dumpcap, tcpdump];

function sum(text: string, pattern: RegExp): number | undefined {
  const found = [...text.matchAll(pattern)].map(([, count]) => Number(count));
  return found.length === 0 ? undefined : found.reduce((total, count) => total + count, 0);
}
