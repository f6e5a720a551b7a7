import { execa } from "execa";
import { connect, dropSummary, type Host, onAll } from "../../lib/index.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import type { Figure } from "./figure.js";

const hosts = 32;
const seconds = 10;

/**
 * How long 32 hosts at once take for what one host takes: each is an sshd in a network namespace of its own, and every one of them has a
 * probe of its own in this machine's kernel.
 */
export default async function onAllBench(): Promise<Figure[]> {
  const namespaces = Array.from({ length: hosts + 1 }, (_, index) => new Namespace(index));
  const connections: Host[] = [];
  const servers: Sshd[] = [];
  try {
    for (const namespace of namespaces) {
      await namespace.add();
      const sshd = await startSshd(namespace.place);
      servers.push(sshd);
      connections.push(await connect(sshd.destination, sshd.options));
    }
    // Nothing is known yet of any of them.
    const one = await timed(connections.slice(0, 1));
    const all = await timed(connections.slice(1));
    return [
      {
        name: `dropSummary on ${hosts} hosts`,
        value: all,
        unit: "s",
        against: "one host",
        ratio: all / one,
      },
    ];
  } finally {
    for (const connection of connections) await connection.close();
    for (const sshd of servers) sshd.stop();
    for (const namespace of namespaces) await namespace.remove();
  }
}

async function timed(some: readonly Host[]): Promise<number> {
  const start = performance.now();
  const { all } = await onAll(some, (host) => dropSummary(host, { seconds }));
  for (const { error } of all) if (error !== null) throw error;
  return (performance.now() - start) / 1_000;
}

/** A network namespace with one address, on a link to this one. */
class Namespace {
  readonly #name: string;
  readonly #index: number;

  constructor(index: number) {
    this.#name = `skb-${index}`;
    this.#index = index;
  }

  get place() {
    // bash takes itself for no login's then, and leaves out what this machine's user has in .bashrc: no matter of skbook's.
    const lines = () => ["SetEnv SHLVL=1"];
    return { namespace: this.#name, address: this.#address(2), port: 22, lines };
  }

  async add(): Promise<void> {
    const [outer, inner] = [`${this.#name}-o`, `${this.#name}-i`];
    await ip("netns", "add", this.#name);
    await ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", this.#name);
    await ip("addr", "add", `${this.#address(1)}/30`, "dev", outer);
    await ip("link", "set", outer, "up");
    await ip("-n", this.#name, "addr", "add", `${this.#address(2)}/30`, "dev", inner);
    await ip("-n", this.#name, "link", "set", inner, "up");
  }

  /** Its end of the link goes with it, and with that the other one. */
  async remove(): Promise<void> {
    await ip("netns", "del", this.#name).catch(() => undefined);
    await ip("link", "del", `${this.#name}-o`).catch(() => undefined);
  }

  /** Each link has four of 198.51.100.0/24. */
  #address(offset: number): string {
    return `198.51.100.${this.#index * 4 + offset}`;
  }
}

async function ip(...args: string[]): Promise<void> {
  await execa("ip", args);
}
