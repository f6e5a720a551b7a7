import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { investigations } from "./investigations/index.js";
import { type Lab, startLab } from "./lab.js";

// `npm run lab:record [NOTEBOOK...]`: records the cases of the notebooks that look into a lab host.
const destination = "hypervisor1";
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in investigations));
if (unknown.length > 0) {
  console.error(
    `no case of ${unknown.join(", ")} is recorded here; there are ${Object.keys(investigations).join(", ")}`,
  );
  process.exit(2);
}

for (const name of Object.keys(investigations)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const lab = await startLab("6.1");
  try {
    await recordOne(name, lab);
  } finally {
    await lab.stop();
  }
}

/** Runs a notebook on a lab host while it has trouble. */
async function recordOne(name: string, lab: Lab): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "skbook-lab-home-"));
  try {
    mkdirSync(join(home, ".ssh"), { mode: 0o700 });
    const config = readFileSync(lab.config, "utf8").replace(/^Host .*/, `Host ${destination}`);
    writeFileSync(join(home, ".ssh", "config"), config);
    rmSync(`datasets/${name}`, { recursive: true, force: true });
    const trouble = await investigations[name]?.(lab.host);
    try {
      const command = [
        "dist/kernel/main.js",
        "run",
        `notebooks/${name}.ipynb`,
        "--record",
        `datasets/${name}`,
      ];
      await execa(process.execPath, [...command, "-o", `out/${name}-live.ipynb`], {
        env: { HOME: home },
        stdio: "inherit",
      });
    } finally {
      await trouble?.stop();
    }
  } finally {
    rmSync(home, { recursive: true });
  }
}
