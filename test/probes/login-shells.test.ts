import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  capture,
  connect,
  dropEvents,
  type Host,
  hostFacts,
  packets,
  softirqSummary,
} from "../../lib/index.js";
import { enterCell } from "../fixtures/cell.js";
import { describeLive } from "../fixtures/needs.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import { someOf } from "../fixtures/sweep.js";

const shells = ["fish", "csh", "tcsh", "zsh", "ksh", "dash", "bash"];
const there = shells.filter((shell) => existsSync(`/usr/bin/${shell}`));
const lacking = shells.filter((shell) => !there.includes(shell));
if (lacking.length > 0) console.warn(`LEFT OUT: login shells ${lacking.join(", ")} are not installed`);

/** Root has this shell, and a home whose login scripts all say something that doesn't end with its line. */
function accountWith(shell: string): string {
  return `
    mkdir -p "$1/home/.config/fish"
    for file in .cshrc .bashrc .profile .zshenv .kshrc .config/fish/config.fish
    do echo "printf 'You have mail.'" > "$1/home/$file"
    done
    sed "s#^\\(root:.*\\):[^:]*:[^:]*\\$#\\1:$1/home:/usr/bin/${shell}#" /etc/passwd > "$1/passwd"
    mount --bind "$1/passwd" /etc/passwd`;
}

describeLive("over a real sshd", ["root", "bpftrace", "dumpcap", "sshd", "tracing"], () => {
  describe.each(someOf("login shells of those who measure", there, 1))(
    "a user whose login shell is %s",
    (shell) => {
      let sshd: Sshd;
      let host: Host;
      beforeAll(async () => {
        sshd = await startSshd({ mounts: accountWith(shell) });
        host = await connect(sshd.destination, sshd.options);
      });
      afterAll(async () => {
        await host?.close();
        sshd?.stop();
      });

      test("has it", async () => {
        const { stdout } = await host.exec(["sh", "-c", 'cat "/proc/$PPID/status"; env'], { root: true });
        expect(stdout).toContain(`SHELL=/usr/bin/${shell}`);
        expect((await hostFacts(host)).values).not.toHaveLength(0);
      });

      test("measures: rows, histograms, captures, and rings", async () => {
        const whole = { partial: false, lost: 0 };
        const events = await dropEvents(host, { seconds: 1, srcPort: 9 });
        expect(events.provenance).toMatchObject({ ...whole, details: { detached: "proved" } });
        const softirqs = await softirqSummary(host, { seconds: 1 });
        expect(softirqs.provenance).toMatchObject(whole);
        expect(softirqs.values.length).toBeGreaterThan(0);
        const pings = () => host.exec(["ping", "-q", "-i", "0.05", "-c", "20", "127.0.0.1"]);
        for (const ring of [{}, { lastBytes: 2 ** 20 }]) {
          const filter = "icmp and host 127.0.0.1";
          const kept = await capture(host, { device: "lo", filter, seconds: 30, during: pings, ...ring });
          expect(kept.provenance).toMatchObject({ partial: false, details: { detached: "proved" } });
          expect(await (await packets(kept)).count()).toBeGreaterThanOrEqual(40);
        }
      });

      test("is interrupted, and nothing of it is left", async () => {
        const cell = enterCell(shell);
        const call = dropEvents(host, { seconds: 60, during: () => sleep(300).then(() => cell.interrupt()) });
        await expect(call).rejects.toMatchObject({ code: "INTERRUPTED", details: { detached: "proved" } });
        cell();
      });
    },
  );
});
