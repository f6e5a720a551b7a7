import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import { buildScene, linkToManagement, managementAddress, type Scene } from "./topology.js";

/** The scene with its sshd, and a home folder from which `connect()` reaches the host as a user's notebook would. */
export interface LiveHost {
  scene: Scene;
  sshd: Sshd;
  /** For the environment of a kernel: HOME with an .ssh folder in it. */
  home: string;
  /** Makes another machine of the scene reachable in the same way: at the second address of 203.0.113.`network`/30, by a link of its own. */
  reach(namespace: string, network: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startLiveHost(prefix: string): Promise<LiveHost> {
  const scene = await buildScene(prefix);
  const servers: Sshd[] = [];
  const links: { remove(): Promise<void> }[] = [];
  const stop = async () => {
    for (const one of servers) one.stop();
    await scene.remove();
    for (const link of links) await link.remove();
  };
  try {
    const sshd = await startSshd({ address: managementAddress, port: 22, namespace: scene.host });
    servers.push(sshd);
    const home = join(sshd.folder, "home");
    mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
    const configure = () => {
      const files = (option: string, file: string) =>
        servers.map(({ folder }) => `${option} ${join(folder, file)}`);
      const known = servers.map(({ folder }) => join(folder, "known_hosts"));
      const config = [
        "IdentityAgent none",
        ...files("IdentityFile", "user_key"),
        `UserKnownHostsFile ${known.join(" ")}`,
      ];
      writeFileSync(join(home, ".ssh", "config"), `Host *\n  ${config.join("\n  ")}\n`);
    };
    configure();
    return {
      scene,
      sshd,
      home,
      async reach(namespace, network) {
        const link = await linkToManagement(`${prefix}-m${network}`, namespace, network);
        links.push(link);
        servers.push(await startSshd({ address: link.address, port: 22, namespace }));
        configure();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
