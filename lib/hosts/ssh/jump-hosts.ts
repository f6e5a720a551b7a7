import { unsupported } from "./config/index.js";
import { type Endpoint, resolveEndpoint } from "./endpoint.js";
import type { ConnectOptions } from "./options.js";

/**
 * The jump hosts on the way to an endpoint, nearest first. As with `ssh -J`, the first that is named is reached by what its own configuration
 * says, jump hosts of its own included; the others are reached through the one before them, whatever theirs says.
 *
 * @throws SkbookError `SSH_CONFIG_UNSUPPORTED` where a host would be reached through itself.
 */
export async function jumpHosts(endpoint: Endpoint, options: ConnectOptions): Promise<Endpoint[]> {
  const { jump: _, ...own } = options;
  const passed = new Set([addressOf(endpoint)]);
  const way: Endpoint[] = [];
  for (let to = endpoint; to.jump[0] !== undefined; to = way[0] as Endpoint) {
    const [first, ...further] = to.jump;
    const near = await resolveEndpoint(first, own);
    if (passed.has(addressOf(near)))
      throw unsupported(
        to.jumpPlace,
        `it has ${to.name} reached through ${first}, which is on the way already`,
      );
    passed.add(addressOf(near));
    const behind: Endpoint[] = [];
    for (const hop of further) behind.push(await resolveEndpoint(hop, { ...options, jump: [] }));
    way.unshift(near, ...behind);
  }
  return way;
}

function addressOf({ user, hostname, port }: Endpoint): string {
  return `${user}@${hostname}:${port}`;
}
