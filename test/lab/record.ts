import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { type Fault, nowhere } from "./faults/fault.js";
import { closedUdpPort, inject, nftDrop } from "./faults/index.js";
import { startLab } from "./lab.js";
import { address, sinkPort } from "./topology/topology.js";

// `npm run lab:record`: records the case of the notebook that looks into a lab host.
const name = "where-did-my-packets-go";
const destination = "hypervisor1";

const shortQueue: Fault = {
  name: "short queue",
  put: ["tc qdisc add dev vnet1 root tbf rate 2mbit burst 4kb limit 16kb"],
  hurt: [`$C udp ${address.vm1} ${sinkPort} 60 1000 1`],
  undo: ["tc qdisc del dev vnet1 root"],
  drops: nowhere,
};
const invalid: Fault = {
  name: "invalid segments",
  ...{
    put: [],
    hurt: [`$C crafted syn-fin ${address.client} ${address.uplink} 10`],
    undo: [],
    drops: nowhere,
  },
};

const lab = await startLab("6.1");
const home = mkdtempSync(join(tmpdir(), "skbook-lab-home-"));
try {
  mkdirSync(join(home, ".ssh"), { mode: 0o700 });
  const config = readFileSync(lab.config, "utf8").replace(/^Host .*/, `Host ${destination}`);
  writeFileSync(join(home, ".ssh", "config"), config);
  rmSync(`datasets/${name}`, { recursive: true, force: true });
  const faults = [shortQueue, nftDrop, closedUdpPort, invalid];
  const injected = [];
  for (const fault of faults) injected.push(await inject(lab.host, fault));
  const ended = new AbortController();
  const trouble = (async () => {
    while (!ended.signal.aborted) for (const one of injected) await one.hurt();
  })();
  trouble.catch(() => {});
  try {
    const command = ["dist/kernel/main.js", "run", `notebooks/${name}.ipynb`, "--record", `datasets/${name}`];
    await execa(process.execPath, [...command, "-o", `out/${name}-live.ipynb`], {
      env: { HOME: home },
      stdio: "inherit",
    });
  } finally {
    ended.abort();
    await trouble;
  }
} finally {
  rmSync(home, { recursive: true });
  await lab.stop();
}
