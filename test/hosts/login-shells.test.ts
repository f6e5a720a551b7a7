import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { shellLine } from "../../lib/hosts/shell.js";

const words = [
  ...[
    "a b",
    "it's",
    '"$HOME"',
    "$(id)",
    "`id`",
    "back\\slash",
    "two\\\\",
    "end\\",
    "*",
    "~",
    "{a,b}",
    "new\nline",
  ],
  ...[
    "\n",
    "x\n\n",
    "",
    "ünïcode",
    ";reboot",
    "hi!there!!",
    "!",
    "a;b|c&d",
    "#",
    "^x^y^",
    "%1",
    "\\'",
    "'\\''",
    "\t",
  ],
];

const shells = ["sh", "bash", "dash", "csh", "tcsh", "fish", "zsh", "ksh"];
const there = shells.filter((shell) => existsSync(`/bin/${shell}`) || existsSync(`/usr/bin/${shell}`));
const lacking = shells.filter((shell) => !there.includes(shell));
if (lacking.length > 0) console.warn(`LEFT OUT: login shells ${lacking.join(", ")} are not installed`);

test.each(there)("%s gives a command its words unchanged", (shell) => {
  const printed = execFileSync(shell, ["-c", shellLine(["printf", "%s\\037", ...words])], {
    encoding: "utf8",
  });
  expect(printed.split("\u001f").slice(0, -1)).toEqual(words);
  for (const word of words) {
    const alone = execFileSync(shell, ["-c", shellLine(["printf", "%s", word])], { encoding: "utf8" });
    expect(alone).toBe(word);
  }
});
