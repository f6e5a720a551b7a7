import { rmSync } from "node:fs";
import { execa } from "execa";
import { investigations, templates } from "./investigations.js";
import { startLiveHost } from "./live-host.js";

/** Records the cases of the notebooks anew: npm run record [NAME ...]. */
const chosen = process.argv.slice(2);
for (const [name, startTrouble] of Object.entries({ ...investigations, ...templates })) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const host = await startLiveHost("skrec");
  const trouble = await startTrouble(host);
  try {
    rmSync(`datasets/${name}`, { recursive: true, force: true });
    const notebook = `notebooks/${name in templates ? "templates/" : ""}${name}.ipynb`;
    const command = ["dist/kernel/main.js", "run", notebook, "--record", `datasets/${name}`];
    await execa(process.execPath, [...command, "-o", `out/${name}-live.ipynb`], {
      env: { HOME: host.home },
      stdio: "inherit",
    });
  } finally {
    await trouble.stop();
    await host.stop();
  }
}
