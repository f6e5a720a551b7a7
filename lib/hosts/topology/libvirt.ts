import type { Snapshot } from "../sections.js";

/** An interface in the state that libvirt keeps of a running domain: the plugged-in ones too. */
export interface LibvirtInterface {
  device: string | null;
  mac: string | null;
  model: string | null;
  alias: string | null;
}

/** A domain that libvirt runs. */
export interface Domain {
  name: string | null;
  uuid: string | null;
  interfaces: LibvirtInterface[];
}

/** libvirt's running domains, by process. */
export function domains(sections: Snapshot): Map<number, Domain> {
  const texts = Object.entries(sections).flatMap(([name, text]) =>
    name.startsWith("libvirt.") ? [text] : [],
  );
  return new Map(
    texts.map((text) => {
      const [own = "", ...interfaces] = text.split(/^interface$/m);
      const domain: Domain = {
        name: word(own, "name"),
        uuid: word(own, "uuid"),
        interfaces: interfaces.map((one) => ({
          device: word(one, "device"),
          mac: word(one, "mac"),
          model: word(one, "model"),
          alias: word(one, "alias"),
        })),
      };
      return [Number(word(own, "pid")), domain];
    }),
  );
}

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function word(text: string, name: string): string | null {
  const found = new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1];
  return found?.replace(/&(amp|lt|gt|quot|apos);/g, (_, entity) => entities[entity] ?? "") ?? null;
}
