/** What some probes can't do without, beside a time. */
export const neededBy: { readonly [probe: string]: object } = {
  ...Object.fromEntries(
    ["pathSummary", "pathEvents"].map((name) => [
      name,
      { from: "eth0", to: "eth1", protocol: "ICMP", src: "192.0.2.1", dst: "198.51.100.1" },
    ]),
  ),
  gapSummary: { devices: ["vnet1", "eth0"] },
  gapEvents: { devices: "eth0" },
  stageSummary: { from: "eth0", to: "eth1" },
  lockSummary: { process: 4_242 },
  stageTrace: { from: "eth0", to: "eth1" },
};
