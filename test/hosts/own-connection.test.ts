import { afterEach, expect, test, vi } from "vitest";
import { ownConnection } from "../../lib/hosts/index.js";
import { connect, localhost } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { startSshd } from "../fixtures/sshd.js";

test.each([
  ["192.0.2.1 50000 192.0.2.2 22", "192.0.2.1", "192.0.2.2"],
  ["2001:db8::1 50000 2001:db8::2 22", "2001:db8::1", "2001:db8::2"],
  ["fe80::1%eth0 50000 fe80::2%eth0 22", "fe80::1", "fe80::2"],
  ["::ffff:192.0.2.1 50000 ::ffff:192.0.2.2 22", "192.0.2.1", "192.0.2.2"],
])("%s is a connection", (ssh, client, server) => {
  expect(ownConnection({ ssh })).toEqual({
    client: { address: client, port: 50_000 },
    server: { address: server, port: 22 },
  });
});

test.each(["", "UNKNOWN 65535 UNKNOWN 65535", "192.0.2.1 50000", "192.0.2.1 x 192.0.2.2 22"])(
  "%j is none",
  (ssh) => {
    expect(ownConnection({ ssh })).toBeNull();
  },
);

describeLive("the connection that commands come by", ["sshd"], () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    localhost().forget();
  });

  test.each([
    ["as sshd says it", "$SHELL -c"],
    ["where what becomes root says it no more, as behind sudo", "env -u SSH_CONNECTION $SHELL -c"],
  ])("is known %s", async (_, shell) => {
    const sshd = await startSshd({ lines: () => [`ForceCommand ${shell} "$SSH_ORIGINAL_COMMAND"; exit $?`] });
    try {
      const host = await connect(sshd.destination, sshd.options);
      const own = ownConnection(await host.snapshot());
      const server = { address: "127.0.0.1", port: sshd.port };
      expect(own).toEqual({ client: { address: "127.0.0.1", port: expect.any(Number) }, server });
      const open = await host.exec(["sh", "-c", "cat /proc/net/tcp"]);
      const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, "0");
      const ends = [sshd.port, own?.client.port ?? 0].map((port) => `0100007F:${hex(port)}`);
      expect(open.stdout).toContain(ends.join(" "));
      await host.close();
    } finally {
      sshd.stop();
    }
  });

  test("is none on this machine, though this process was started over one", async () => {
    vi.stubEnv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
    localhost().forget();
    expect(await localhost().snapshot()).toMatchObject({ ssh: "" });
  });
});
