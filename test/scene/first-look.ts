import { rmSync } from "node:fs";
import { execa } from "execa";
import { startLiveHost, startTrouble } from "./live-host.js";

/** Records the case of notebooks/first-look.ipynb anew: npm run record. */
const folder = "datasets/first-look";

const host = await startLiveHost("skrec");
const trouble = startTrouble(host.scene);
try {
  rmSync(folder, { recursive: true, force: true });
  await execa(
    process.execPath,
    [
      "dist/kernel/main.js",
      "run",
      "notebooks/first-look.ipynb",
      "--record",
      folder,
      "-o",
      "out/first-look-live.ipynb",
    ],
    { env: { HOME: host.home }, stdio: "inherit" },
  );
} finally {
  await trouble.stop();
  await host.stop();
}
