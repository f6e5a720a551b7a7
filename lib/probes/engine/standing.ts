import type { Standing } from "../../progress/index.js";
import type { Account } from "./account.js";
import type { ParsedCommon } from "./parameters.js";

/** How far a probe's run is, by its books: a summary's counts come at the end only. */
export function standingOf(
  account: Account,
  { seconds, attachSeconds }: Pick<ParsedCommon, "seconds" | "attachSeconds">,
): { attached(): void; read(): Standing } {
  let since: number | undefined;
  return {
    attached() {
      since = performance.now();
    },
    read() {
      if (since === undefined) return { facts: ["attaching", ...expected(seconds, attachSeconds)] };
      const elapsed = Math.min(seconds, (performance.now() - since) / 1000);
      const count = (value: number) => value.toLocaleString("en-US");
      const { accounted, lostByBpftrace } = account;
      if (account.end !== null) return { part: 1, facts: ["measured; detaching"] };
      return {
        part: elapsed / seconds,
        facts: [
          `${elapsed.toFixed(1)} of ${seconds} s`,
          ...(accounted > 0 ? [`${count(accounted)} ${accounted === 1 ? "event" : "events"}`] : []),
          ...(lostByBpftrace > 0 ? [`${count(lostByBpftrace)} lost`] : []),
        ],
      };
    },
  };
}

/** How long a run takes, as far as that is known before. */
export function expected(seconds: number, attachSeconds: number): string[] {
  return [`${seconds} s of measuring`, `up to ${attachSeconds} s of attaching and detaching on top`];
}
