import { open } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { callSignal } from "../../../cell/index.js";
import { reasonOf } from "../../../errors/index.js";
import { filesOf } from "./include.js";
import { type Line, type Place, parseLine, unreadable, unsupported, wordsOf } from "./line.js";
import { matches, matchesHost, type Subject } from "./match.js";
import { refuseCanonical, Settings } from "./settings.js";
import { withTokens } from "./tokens.js";

/** What a configuration is read for. */
export interface Asked {
  /** The name as it was asked for. */
  host: string;
  user: string | undefined;
  port: number | undefined;
  /** One file instead of the user's and the system's, or false for none. */
  file: string | false | undefined;
}

/** A file of the configuration, and where relative paths in it lead. */
interface File {
  path: string;
  folder: string;
  mayLackIt: boolean;
  /** Others must not be able to write it. */
  checked: boolean;
}

const maxDepth = 16;
const maxFileBytes = 16 * 2 ** 20;
const systemFolder = "/etc/ssh";

/**
 * What OpenSSH's configuration says of a host, as it stands there (ssh_config(5)); `hostname` has its tokens put in. A second reading
 * follows where a `Match final` asks for it.
 *
 * @throws SkbookError `SSH_CONFIG_UNREADABLE` for what OpenSSH refuses, `SSH_CONFIG_UNSUPPORTED` for what skbook can't follow; both name the
 *   line. Of keywords that skbook doesn't use, nothing is checked.
 */
export async function readConfig(asked: Asked): Promise<Settings> {
  const settings = new Settings();
  const { host, user, port, file } = asked;
  const call = `the destination ${host}`;
  if (user !== undefined) settings.set("user", user, call);
  if (port !== undefined) settings.set("port", String(port), call);
  let wantsFinal = false;
  const pass = new Pass({
    original: host,
    settings,
    final: false,
    wantFinal: () => {
      wantsFinal = true;
    },
    signal: callSignal(),
  });
  await pass.read(filesFor(file));
  const given = settings.one("hostname");
  const place = settings.place("hostname");
  const hostname = lowerCased(given === undefined ? host : withTokens(given, { h: host }, place));
  settings.set("hostname", hostname, place);
  refuseCanonical(settings);
  if (wantsFinal) {
    const final = { original: host, settings, final: true, wantFinal: () => {}, signal: callSignal() };
    await new Pass(final).read(filesFor(file));
    refuseCanonical(settings);
  }
  return settings;
}

function filesFor(file: string | false | undefined): File[] {
  const folder = join(homedir(), ".ssh");
  if (file === false) return [];
  if (file !== undefined) return [{ path: file, folder, mayLackIt: false, checked: false }];
  return [
    { path: join(folder, "config"), folder, mayLackIt: true, checked: true },
    { path: join(systemFolder, "ssh_config"), folder: systemFolder, mayLackIt: true, checked: false },
  ];
}

/** Addresses stay as they are written. */
function lowerCased(host: string): string {
  return host.includes(":") ? host : host.toLowerCase();
}

/** One reading of all files. */
class Pass {
  constructor(private readonly subject: Subject) {}

  async read(files: readonly File[]): Promise<void> {
    for (const file of files) await this.readFile(file, { active: true, never: false }, 0);
  }

  /** What Host lines are matched against: in the second reading, the name that was found. */
  private blockName(): string {
    const { final, original, settings } = this.subject;
    return final ? (settings.one("hostname") ?? original) : original;
  }

  /** @param state whether lines hold before the first block, and whether no block can. */
  private async readFile(
    file: File,
    state: { active: boolean; never: boolean },
    depth: number,
  ): Promise<void> {
    if (depth > maxDepth) throw unreadable(file.path, `files are included more than ${maxDepth} deep`);
    const text = await textOf(file);
    let active = state.active;
    for (const [index, content] of text.split("\n").entries()) {
      const line = parseLine(content, `${file.path}:${index + 1}`);
      if (line === null) continue;
      // OpenSSH refuses quotes that are not closed, whatever the keyword.
      wordsOf(line.rest, line.place);
      if (line.keyword === "host") active = !state.never && matchesHost(line, this.blockName());
      else if (line.keyword === "match") active = await matches(line, this.subject, !state.never);
      else if (line.keyword === "include") await this.include(line, file, active, depth);
      else this.subject.settings.take(line, active);
    }
  }

  /** Blocks of what is included end with it; where the block around it doesn't hold, none of them does. */
  private async include(line: Line, from: File, active: boolean, depth: number): Promise<void> {
    for (const word of wordsOf(line.rest, line.place)) {
      checkPattern(word, from, line.place);
      for (const path of await filesOf(word, from.folder)) {
        const file = { ...from, path, mayLackIt: false, checked: true };
        await this.readFile(file, { active, never: !active }, depth + 1);
      }
    }
  }
}

function checkPattern(pattern: string, from: File, place: Place): void {
  if (pattern === "") throw unreadable(place, "an empty name after Include");
  if (pattern.startsWith("~") && from.folder === systemFolder)
    throw unreadable(place, "~ has no meaning in a system's file");
  if (/^~[^/]/.test(pattern)) throw unsupported(place, "the home of another user is not looked up");
  if (/%|\$\{/.test(pattern))
    throw unsupported(place, "tokens and variables in Include differ between versions of OpenSSH");
}

async function textOf({ path, mayLackIt, checked }: File): Promise<string> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (mayLackIt && error.code === "ENOENT") return undefined;
    throw unreadable(path, reasonOf(error), error);
  });
  if (file === undefined) return "";
  try {
    const found = await file.stat();
    if (!found.isFile()) throw unreadable(path, "it is no regular file");
    if (found.size > maxFileBytes) throw unreadable(path, `it has more than ${maxFileBytes} bytes`);
    const owned = found.uid === 0 || found.uid === userInfo().uid;
    if (checked && (!owned || (found.mode & 0o022) !== 0))
      throw unreadable(path, "its owner is another user, or others can write it");
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
