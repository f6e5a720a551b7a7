import { SkbookError } from "../../errors/index.js";

/** What a host says of one file: its bytes, that they are the same as known ones, or, where both are null, that there is none. */
export interface Answer {
  name: string;
  bytes: Uint8Array | null;
  /** The hash of what is known already. */
  same: string | null;
}

const line = /^(\w+) (?:(none)|same ([0-9a-f]{64})|(\d+))$/;

/** Takes apart what the script of read.ts says. */
export function takeApart(stream: Buffer, host: string): Answer[] {
  const answers: Answer[] = [];
  let at = 0;
  for (;;) {
    const end = stream.indexOf("\n", at);
    const text = stream.toString("latin1", at, Math.max(end, at));
    if (text === "complete") return answers;
    const [, name, , same = null, size] = line.exec(text) ?? [];
    if (end < 0 || name === undefined) throw damaged(host, "what came is cut short");
    at = end + 1;
    const bytes = size === undefined ? null : stream.subarray(at, at + Number(size));
    if (bytes !== null && bytes.length < Number(size)) throw damaged(host, "what came is cut short");
    at += bytes?.length ?? 0;
    answers.push({ name, bytes, same });
  }
}

export function damaged(host: string, failed: string): SkbookError {
  return new SkbookError({
    code: "BTF_UNREADABLE",
    tried: `read BTF from ${host}`,
    failed,
    todo: "run the cell again; if it stays so, copy /sys/kernel/btf/vmlinux and give it as connect(host, { btf })",
  });
}
