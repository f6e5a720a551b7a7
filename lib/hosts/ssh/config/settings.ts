import { type Line, type Place, unreadable, unsupported, wordsOf } from "./line.js";

/** Values that were found, and where; of most keywords the first one counts. */
export class Settings {
  private readonly found = new Map<string, { words: string[]; place: Place }>();

  /** The words of a keyword, as they stand there. */
  words(keyword: Keyword): readonly string[] | undefined {
    return this.found.get(keyword)?.words;
  }

  one(keyword: Keyword): string | undefined {
    return this.words(keyword)?.[0];
  }

  /** Where a keyword's value stands; of one that isn't set, the file of OpenSSH's manual. */
  place(keyword: Keyword): Place {
    return this.found.get(keyword)?.place ?? "ssh_config(5)";
  }

  /** A value that does not stand in a file: of the call, or of the first pass. */
  set(keyword: Keyword, value: string, place: Place): void {
    this.found.set(keyword, { words: [value], place });
  }

  /** Takes a line that holds for this host, or only looks at it: OpenSSH refuses a wrong value in any block. */
  take(line: Line, active: boolean): void {
    const { keyword, place } = line;
    if (!isKeyword(keyword)) return;
    const words = keywords[keyword](line);
    if (!active || this.isDecided(keyword)) return;
    const known = this.found.get(keyword);
    if (known === undefined) this.found.set(keyword, { words, place });
    // One that is named again is not tried again.
    else if (keyword === "identityfile")
      known.words.push(...words.filter((word) => !known.words.includes(word)));
  }

  /** ProxyCommand and ProxyJump: whichever comes first decides for both, but for a ProxyJump that is none. */
  private isDecided(keyword: Keyword): boolean {
    if (keyword === "proxyjump") return this.found.has("proxyjump") || this.found.has("proxycommand");
    const jump = this.one("proxyjump");
    return keyword === "proxycommand" && jump !== undefined && jump !== "none";
  }
}

/** What skbook uses of a configuration, and what it has to refuse; other keywords are not looked at. */
const keywords = {
  canonicalizehostname: oneOf("no", "none", "false"),
  canonicalizepermittedcnames: oneOf("none"),
  compression: flag,
  connecttimeout: time,
  globalknownhostsfile: list,
  hostkeyalias: word,
  hostname: word,
  identitiesonly: flag,
  identityagent: word,
  identityfile: word,
  port,
  proxycommand: ({ rest }: Line) => [rest.replace(/^[\s=]+/, "")],
  proxyjump: jumps,
  revokedhostkeys: word,
  user: word,
  userknownhostsfile: list,
} satisfies Record<string, (line: Line) => string[]>;

export type Keyword = keyof typeof keywords;

function isKeyword(keyword: string): keyword is Keyword {
  return Object.hasOwn(keywords, keyword);
}

function word({ keyword, rest, place }: Line): string[] {
  const words = wordsOf(rest, place);
  if (words[0] === undefined || words[0] === "")
    throw unreadable(place, `no argument after the keyword "${keyword}"`);
  if (words.length > 1) throw unreadable(place, `more than one argument after the keyword "${keyword}"`);
  return words;
}

function list({ keyword, rest, place }: Line): string[] {
  const words = wordsOf(rest, place);
  if (words.length === 0 || words.includes("")) throw unreadable(place, `an empty argument of "${keyword}"`);
  if (words.length > 1 && words.some((one) => one.toLowerCase() === "none"))
    throw unreadable(place, `"none" must be the only argument of "${keyword}"`);
  return words;
}

function flag(line: Line): string[] {
  const value = word(line)[0]?.toLowerCase();
  if (value === "yes" || value === "true") return ["yes"];
  if (value === "no" || value === "false") return ["no"];
  throw unreadable(line.place, `${JSON.stringify(value)} is neither yes nor no`);
}

function port(line: Line): string[] {
  const [value = ""] = word(line);
  if (!/^\d{1,5}$/.test(value) || Number(value) < 1 || Number(value) > 65_535)
    throw unreadable(line.place, `${JSON.stringify(value)} is no port`);
  return [String(Number(value))];
}

const unitSeconds: Record<string, number> = { "": 1, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** Seconds, of `90`, `1m30s` (sshd_config(5), TIME FORMATS); `none` stays. */
function time(line: Line): string[] {
  const [value = ""] = word(line);
  if (value === "none") return [value];
  if (!/^(?:\d+[smhdw]?)+$/i.test(value)) throw unreadable(line.place, `${JSON.stringify(value)} is no time`);
  const parts = [...value.matchAll(/(\d+)([smhdw]?)/gi)];
  const seconds = parts.reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * (unitSeconds[unit.toLowerCase()] ?? 1),
    0,
  );
  if (seconds > 2 ** 31 - 1) throw unreadable(line.place, `${JSON.stringify(value)} is no time`);
  return [String(seconds)];
}

function jumps({ rest, place }: Line): string[] {
  const value = rest
    .replace(/^[\s=]+/, "")
    .replace(/#.*$/, "")
    .trimEnd();
  if (value.toLowerCase() === "none") return ["none"];
  for (const hop of value.split(","))
    if (!/^(?:ssh:\/\/)?(?:[^@\s]+@)?(?:\[[^\]\s]+\]|[^@:\s[\]]+)(?::\d{1,5})?$/.test(hop))
      throw unreadable(place, `${JSON.stringify(hop)} is no jump host`);
  return [value];
}

/** A keyword that would change where a connection goes, in a way that skbook doesn't follow. */
function oneOf(...allowed: string[]): (line: Line) => string[] {
  return (line) => {
    const words = wordsOf(line.rest, line.place);
    return words.every((value) => allowed.includes(value.toLowerCase())) ? ["no"] : ["yes"];
  };
}

/** Fails where the address would be looked up first, and the configuration be read again under the name that was found. */
export function refuseCanonical(settings: Settings): void {
  for (const keyword of ["canonicalizehostname", "canonicalizepermittedcnames"] as const)
    if (settings.one(keyword) === "yes")
      throw unsupported(settings.place(keyword), `skbook doesn't look names up for ${keyword}`);
}
