import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { IForbiddenRuleType } from "dependency-cruiser";

/** What may import what in these folders. Types count like code: a reader follows both. */
export const folders = ["kernel", "lib", "probes"];

/** What every room of lib may use, as far as it isn't one of them. */
const core = ["errors", "html", "cell", "parameters", "concurrent"];
/** What keeps and shows the answers of acquiring rooms. */
const keeping = ["cases", "tables", "progress"];

/** What works on Tables; of each other as far as there are no cycles. */
const analysing = ["tables", "analyses", "figures", "findings", "latency"];

/**
 * Of each room of lib, which others it may use.
 *
 * Acquiring (from hosts, into Tables and cases): probes, sockets and captures run on hosts, which have their BTF.
 * Analysing (Tables into Frames, figures, verdicts): pure, so never hosts, cases or probes. `analyses` may use `captures`, since
 * every analysis is asked about a Capture, whose packet Table it has to be given; never the other way.
 */
export const mayUse: { readonly [room: string]: readonly string[] } = {
  errors: ["html"],
  html: [],
  cell: ["errors", "html"],
  parameters: ["errors"],
  concurrent: ["cell", "errors"],
  help: core,
  cases: core,
  tables: [...core, "cases"],
  progress: [...core, "cases"],
  input: [...core, "cases"],
  btf: core,
  hosts: [...core, ...keeping, "btf"],
  probes: [...core, ...keeping, "hosts", "btf"],
  sockets: [...core, ...keeping, "hosts", "btf"],
  captures: [...core, ...keeping, "hosts"],
  analyses: [...core, ...analysing, "captures"],
  figures: [...core, ...analysing],
  findings: [...core, ...analysing],
  latency: [...core, ...analysing],
};

/** The rules that dependency-cruiser holds the folders against, in a project at `root`. */
export function importRules(root: string): IForbiddenRuleType[] {
  return [
    {
      name: "no cycles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "the kernel uses lib by its index and core only",
      severity: "error",
      from: { path: "^kernel/" },
      to: { path: "^(lib|probes)/", pathNot: "^lib/(index|(errors|html|cell|help)/index)\\.ts$" },
    },
    {
      name: "lib and probes know nothing of the kernel",
      severity: "error",
      from: { path: "^(lib|probes)/" },
      to: { path: "^kernel/" },
    },
    {
      name: "lib uses probes in its index only",
      severity: "error",
      from: { path: "^lib/", pathNot: "^lib/index\\.ts$" },
      to: { path: "^probes/" },
    },
    {
      name: "only the kernel uses lib's index",
      severity: "error",
      from: { path: "^(lib|probes)/" },
      to: { path: "^lib/index\\.ts$" },
    },
    ...roomsIn(root).map((room): IForbiddenRuleType => {
      return {
        name: `${room} is imported by its index only`,
        severity: "error",
        from: { pathNot: `^${room}/` },
        to: { path: `^${room}/`, pathNot: `^${room}/index\\.ts$` },
      };
    }),
    ...Object.entries(mayUse).map(([room, others]): IForbiddenRuleType => {
      return {
        name: `lib/${room} uses ${others.length === 0 ? "no other room" : others.join(", ")}`,
        severity: "error",
        from: { path: `^lib/${room}/` },
        to: { path: "^lib/[^/]+/", pathNot: `^lib/(${[room, ...others].join("|")})/` },
      };
    }),
  ];
}

/** Every folder with an index.ts is a room, except lib: others import the rooms in it. */
function roomsIn(root: string): string[] {
  return folders
    .flatMap((folder) => [folder, ...foldersIn(root, folder)])
    .filter((folder) => folder !== "lib" && existsSync(join(root, folder, "index.ts")));
}

function foldersIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}
