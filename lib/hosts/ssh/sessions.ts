import type { SessionUse } from "../transport.js";

/** sshd allows 10 sessions on a connection, unless its MaxSessions says otherwise; it counts one for a moment after we saw its end. */
const maxSessions = 9;
/** One is left for a check at any time. */
const maxCommands = maxSessions - 1;
/** And one for a command that is short, as those of `during` are: runs that all wait for one would wait until their time is over. */
const maxRuns = maxCommands - 1;

interface Waiting {
  use: SessionUse;
  begin(): void;
  refuse(): void;
}

/** A session that was had. */
export interface Session {
  /** To be called once, when sshd has closed it. */
  giveBack(): void;
  /** Nobody waits for it any more, and sshd has not closed it. */
  hangs(): void;
}

/** All sessions of a connection hang: none will be free. */
export class AllHang extends Error {}

/**
 * Shares the sessions of one connection out. Checks go first, and never wait for anything but other checks. Of the others, the one that came
 * first goes first, save that an `exec` passes runs that wait for another run to end.
 */
export class Sessions {
  private readonly open: Record<SessionUse, number> = { run: 0, exec: 0, check: 0 };
  private hanging = 0;
  private readonly waiting: Waiting[] = [];

  /**
   * Waits for a session.
   *
   * @param signal ends the wait: then it rejects with the signal's reason.
   * @throws AllHang where no session is left that could come free.
   */
  take(use: SessionUse, signal?: AbortSignal): Promise<Session> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const cancel = () => {
        this.waiting.splice(this.waiting.indexOf(one), 1);
        reject(signal?.reason);
      };
      const over = () => signal?.removeEventListener("abort", cancel);
      const one: Waiting = {
        use,
        begin: () => {
          over();
          this.open[use] += 1;
          resolve(this.had(use));
        },
        refuse: () => {
          over();
          reject(new AllHang());
        },
      };
      signal?.addEventListener("abort", cancel, { once: true });
      this.waiting.push(one);
      this.next();
    });
  }

  private had(use: SessionUse): Session {
    let hangs = 0;
    return {
      giveBack: () => {
        this.open[use] -= 1;
        this.hanging -= hangs;
        this.next();
      },
      hangs: () => {
        this.hanging += 1 - hangs;
        hangs = 1;
        this.next();
      },
    };
  }

  private next(): void {
    for (;;) {
      const first = this.waiting.findIndex(({ use }) => use === "check");
      const index = first >= 0 ? first : this.waiting.findIndex(({ use }) => this.hasRoom(use));
      const one = this.waiting[index];
      if (one === undefined || !this.hasRoom(one.use)) break;
      this.waiting.splice(index, 1);
      one.begin();
    }
    const { run, exec, check } = this.open;
    if (this.hanging < run + exec + check) return;
    for (const one of this.waiting.splice(0)) one.refuse();
  }

  private hasRoom(use: SessionUse): boolean {
    const { run, exec, check } = this.open;
    if (run + exec + check >= maxSessions) return false;
    return use === "check" || (run + exec < maxCommands && (use === "exec" || run < maxRuns));
  }
}
