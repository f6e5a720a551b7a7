import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import { buildScene, managementAddress, type Scene } from "./topology.js";

/** The scene with its sshd, and a home folder from which `connect()` reaches the host as a user's notebook would. */
export interface LiveHost {
  scene: Scene;
  sshd: Sshd;
  /** For the environment of a kernel: HOME with an .ssh folder in it. */
  home: string;
  stop(): Promise<void>;
}

export async function startLiveHost(prefix: string): Promise<LiveHost> {
  const scene = await buildScene(prefix);
  try {
    const sshd = await startSshd({ address: managementAddress, port: 22, namespace: scene.host });
    const home = join(sshd.folder, "home");
    mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
    const config = [
      "IdentityAgent none",
      `IdentityFile ${join(sshd.folder, "user_key")}`,
      `UserKnownHostsFile ${join(sshd.folder, "known_hosts")}`,
    ];
    writeFileSync(join(home, ".ssh", "config"), `Host *\n  ${config.join("\n  ")}\n`);
    return {
      scene,
      sshd,
      home,
      async stop() {
        sshd.stop();
        await scene.remove();
      },
    };
  } catch (error) {
    await scene.remove();
    throw error;
  }
}
