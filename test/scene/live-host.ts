import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import {
  appAddress,
  buildScene,
  closedPort,
  managementAddress,
  openPort,
  refusedPort,
  type Scene,
} from "./topology.js";
import { traffic } from "./traffic.js";

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

/**
 * The trouble that the first notebook looks into, until it is stopped: uploads through the shaper with the short queue, datagrams
 * to a port that nobody listens on, and connections that the firewall refuses.
 */
export function startTrouble({ client, app }: Scene): { stop(): Promise<void> } {
  const ended = new AbortController();
  const sink = traffic(app, "sink", openPort);
  sink.catch(() => {});
  const every = async (milliseconds: number, make: () => PromiseLike<unknown>) => {
    while (!ended.signal.aborted) {
      await Promise.allSettled([make(), new Promise((later) => setTimeout(later, milliseconds))]);
    }
  };
  const loops = [
    every(2_000, () => traffic(client, "upload", appAddress, openPort, 300_000)),
    every(700, () => traffic(client, "udp", appAddress, closedPort, 4, 60)),
    every(3_000, () => traffic(client, "connect", appAddress, refusedPort, 1.5)),
  ];
  return {
    async stop() {
      ended.abort();
      await Promise.all(loops);
      sink.kill();
    },
  };
}
