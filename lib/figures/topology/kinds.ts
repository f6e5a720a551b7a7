import { alarm, grey, palette } from "../style.js";

const [blue, orange, green, pink, sky, , purple] = palette;

/** What a box stands for, and its colour. */
export const boxKinds = {
  machine: { name: "machine", color: blue },
  namespace: { name: "namespace", color: green },
  device: { name: "tap or veth", color: grey },
  down: { name: "device that is down", color: alarm },
  bridge: { name: "bridge", color: orange },
  uplink: { name: "uplink", color: purple },
  tunnel: { name: "tunnel", color: pink },
  host: { name: "the host itself", color: sky },
} as const;

export type BoxKind = keyof typeof boxKinds;
