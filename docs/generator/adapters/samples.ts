import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../../kernel/package.js";

/** What a recorded run of a probe gave. */
export interface Sample {
  /** What was asked, as it stands at the head of the recording. */
  asked: Record<string, unknown>;
  columns: string[];
  rows: (string | number | boolean | null)[][];
}

const suffix = ".rows.json";

/** The samples of recorded runs, by the probe's name. */
export function readSamples(): Map<string, Sample> {
  const layers = readdirSync(join(packageRoot, "probes"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(packageRoot, "probes", name, "sample"))
    .filter((folder) => existsSync(folder));
  return new Map(
    layers.flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith(suffix))
        .map((name): [string, Sample] => {
          const probe = name.slice(0, -suffix.length);
          const text = (end: string) => readFileSync(join(folder, `${probe}${end}`), "utf8");
          const [head = ""] = text(".recording.txt").split("\n", 1);
          return [probe, { asked: JSON.parse(head.replace(/^\/\/ /, "")), ...JSON.parse(text(suffix)) }];
        }),
    ),
  );
}
