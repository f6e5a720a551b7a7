/** What is asked of the capture tool, by the names of {@link CaptureOptions}. */
export interface Asked {
  /** Several at once need dumpcap. */
  device: string | string[];
  /** Network namespace in which these devices are; undefined: the host's own. */
  netns?: string | undefined;
  filter: string;
  snapLength: number;
}

/** How much of the packets a ring keeps, in files that the tool writes over. */
export interface RingFiles {
  fileBytes: number;
  /** Begins a new file after so many seconds, too; needs dumpcap. */
  fileSeconds: number | undefined;
  files: number;
}

/** One of the two programs that can capture. */
export interface CaptureTool {
  name: "tcpdump" | "dumpcap";
  /** Streams to stdout. */
  stream(path: string, asked: Asked & { maxPackets: number }): string[];
  /** Writes files in the folder in which it is started. */
  ring(path: string, asked: Asked, ring: RingFiles): string[];
  /** Compiles the filter for these devices, prints the program and ends. */
  compile(path: string, asked: Asked): string[];
  /**
   * How late packets may come, in milliseconds: the kernel hands a block of them over when it is full, or after one to two of the
   * tool's time-outs. (tcpdump's immediate mode would not wait, but has room for 256 packets only on devices with offloading.)
   */
  lateness: number;
  /** What it says once packets are taken. */
  listening: RegExp;
  /** Packets that it says, while it runs, it has by now; the last one counts. */
  counting: RegExp;
  /** Packets that it says at its end it took. */
  captured: RegExp;
  /** Packets that it says it could not take; undefined where it says nothing. */
  lost(stderr: string): number | undefined;
  /** Bytes at the start of each file that one file has only once. */
  fileHeaderBytes: number;
}

const tcpdump: CaptureTool = {
  name: "tcpdump",
  stream: (path, asked) => [
    ...[path, "-n", "--nano", "-B", "16384", "-w", "-", "-c", String(asked.maxPackets)],
    ...tcpdumpAsked(asked),
  ],
  ring: (path, asked, { fileBytes, files }) => [
    // It would give root up, and then can't open its next file.
    ...[path, "-n", "--nano", "-B", "16384", "-Z", "root", "-v", "-w", "ring.pcap"],
    ...["-C", String(Math.ceil(fileBytes / 1e6)), "-W", String(files)],
    ...tcpdumpAsked(asked),
  ],
  compile: (path, asked) => [path, "-d", ...tcpdumpAsked(asked)],
  lateness: 2_200,
  listening: /listening on /,
  counting: /Got (\d+)/g,
  captured: /(\d+) packets? captured/,
  lost: (stderr) => sum(stderr, /(\d+) packets? dropped by (?:kernel|interface)/g),
  fileHeaderBytes: 24,
};

function tcpdumpAsked({ device, filter, snapLength }: Asked): string[] {
  const rest = filter === "" ? [] : ["--", filter];
  return ["-i", String(device), "-s", String(snapLength), ...rest];
}

const dumpcap: CaptureTool = {
  name: "dumpcap",
  stream: (path, asked) => [
    ...[path, "-q", "-B", "16", "-w", "-", "-c", String(asked.maxPackets)],
    ...dumpcapAsked(asked),
  ],
  ring: (path, asked, { fileBytes, fileSeconds, files }) => [
    ...[
      path,
      "-B",
      "16",
      "-w",
      "ring.pcap",
      "-b",
      `filesize:${Math.ceil(fileBytes / 1e3)}`,
      "-b",
      `files:${files}`,
    ],
    ...(fileSeconds === undefined ? [] : ["-b", `duration:${fileSeconds}`]),
    ...dumpcapAsked(asked),
  ],
  compile: (path, asked) => [path, "-d", ...dumpcapAsked(asked)],
  lateness: 600,
  listening: /File: /,
  counting: /Packets: (\d+)/g,
  captured: /Packets captured: (\d+)/,
  lost: (stderr) => sum(stderr, /received\/dropped on interface .*: \d+\/(\d+)/g),
  // Sections of pcapng follow one another.
  fileHeaderBytes: 0,
};

function dumpcapAsked({ device, filter, snapLength }: Asked): string[] {
  return [device].flat().flatMap((one) => {
    return ["-i", one, ...(filter === "" ? [] : ["-f", filter]), "-s", String(snapLength)];
  });
}

/** In the order of preference. */
export const captureTools = [dumpcap, tcpdump];

function sum(text: string, pattern: RegExp): number | undefined {
  const found = [...text.matchAll(pattern)].map(([, count]) => Number(count));
  return found.length === 0 ? undefined : found.reduce((total, count) => total + count, 0);
}
