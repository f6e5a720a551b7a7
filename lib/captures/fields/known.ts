import { z } from "zod";
import { recordedRun, sessionKey } from "../../cases/index.js";
import { SkbookError } from "../../errors/index.js";
import type { Host } from "../../hosts/index.js";
import { answerTo } from "../answer.js";
import { keepAnswer, keptAnswer } from "../cache/index.js";
import { startTool } from "../tool.js";
import { tsharkVersion } from "../version.js";

/** Which of some fields a tshark has. */
export interface KnownFields {
  /** What it says of itself: `TShark (Wireshark) 4.0.17`. */
  version: string;
  names: string[];
}

/** The same, as a case has it. */
const knownFieldsOf: z.ZodType<KnownFields> = z.looseObject({
  version: z.string(),
  names: z.array(z.string()),
});

const asked = new WeakMap<object, Map<string, Promise<KnownFields>>>();

/**
 * Which of some names of fields and protocols a host's tshark has. Its list has some 236,000 of them and takes a second: it is asked once
 * per host, version and set of names, and the answer is kept beside the packet Tables. A case has it, too.
 *
 * @param names without alternatives, each once.
 * @throws SkbookError `TSHARK_MISSING`, `TSHARK_FAILED`, `CONNECTION_LOST`, `INTERRUPTED`, `NOT_RECORDED`.
 */
export async function knownFields(host: Host, names: readonly string[]): Promise<KnownFields> {
  const session = await sessionKey();
  const answers = asked.get(session) ?? new Map<string, Promise<KnownFields>>();
  asked.set(session, answers);
  const key = JSON.stringify([host.name, names]);
  const known = answers.get(key) ?? recorded(host, names);
  answers.set(key, known);
  known.catch(() => answers.delete(key));
  return known;
}

async function recorded(host: Host, names: readonly string[]): Promise<KnownFields> {
  const run = await recordedRun(
    { kind: "tshark", name: "fields", host: host.name, params: { fields: [...names] } },
    knownFieldsOf,
    () => ({ bytes: nothing(), outcome: keptOrRead(host, names) }),
  );
  run.outcome.catch(() => {});
  for await (const _ of run.bytes);
  return run.outcome;
}

async function keptOrRead(host: Host, names: readonly string[]): Promise<KnownFields> {
  const version = await tsharkVersion(host);
  const key = { host: host.name, version, names: [...names] };
  const kept = (await keptAnswer("fields", key)) as string[] | null;
  if (kept !== null) return { version, names: kept };
  const read = await readNames(host, names);
  await keepAnswer("fields", key, read);
  return { version, names: read };
}

/** The host picks the names out: the list itself has 19 MB. */
async function readNames(host: Host, names: readonly string[]): Promise<string[]> {
  const script = 'tshark -G fields | cut -f 3 | grep -F -x -e "$1"';
  const tried = `list the fields that tshark has on ${host.name}`;
  const { text, stderr } = await answerTo(
    startTool(host, "sh", ["-c", script, "sh", names.join("\n")]),
    tried,
  );
  const found = new Set(text.split("\n").filter((name) => name !== ""));
  if (found.size > 0) return names.filter((name) => found.has(name));
  throw new SkbookError({
    code: "TSHARK_FAILED",
    tried,
    failed: stderr.split("\n").at(-1) || "it printed none that is known",
    todo: "see what `tshark -G fields` says there",
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
