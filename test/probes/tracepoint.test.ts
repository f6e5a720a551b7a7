import { expect, test } from "vitest";
import { parseFormat } from "../../lib/probes/tracepoint.js";

test("arrays are fields, also where Linux 5.10 says their length by an expression", () => {
  const { fields } = parseFormat(`name: tcp_probe
ID: 1306
format:
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:__u8 saddr[sizeof(struct sockaddr_in6)];	offset:8;	size:28;	signed:0;
	field:__u8 daddr[28];	offset:36;	size:28;	signed:0;
	field:__u16 sport;	offset:64;	size:2;	signed:0;
`);
  expect([...fields].map(([name, { offset, size, sizedBy }]) => [name, offset, size, sizedBy])).toEqual([
    ["saddr", 8, 28, "sockaddr_in6"],
    ["daddr", 36, 28, undefined],
    ["sport", 64, 2, undefined],
  ]);
});
