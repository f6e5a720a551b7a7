import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ConnectOptions, connect } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";

/** Hosts that are all one sshd, each at an address of its own. */
const addresses = {
  inner: "127.0.0.1",
  middle: "127.0.0.2",
  gate: "127.0.0.3",
  outer: "127.0.0.4",
};
const names = Object.keys(addresses) as (keyof typeof addresses)[];

describeLive("jump hosts of ssh_config", ["sshd"], () => {
  let sshd: Sshd;
  beforeAll(async () => {
    const others = names.slice(1).map((name) => `ListenAddress ${addresses[name]}`);
    sshd = await startSshd({ lines: () => others });
  });
  afterAll(() => sshd?.stop());

  let files = 0;
  /** What each has of its own, and the hosts whose keys are known. */
  function configured(own: Partial<Record<keyof typeof addresses, string>>, known = names): ConnectOptions {
    files += 1;
    const file = (name: string) => join(sshd.folder, `${name}_${files}`);
    const key = readFileSync(join(sshd.folder, "host_key.pub"), "utf8").trim();
    writeFileSync(file("known"), known.map((name) => `${name} ${key}\n`).join(""));
    const blocks = names.flatMap((name) => [
      `Host ${name}`,
      `  HostName ${addresses[name]}`,
      `  HostKeyAlias ${name}`,
      `  ${own[name] ?? ""}`,
    ]);
    const user = sshd.destination.split("@")[0];
    const all = [`Port ${sshd.port}`, `User ${user}`, `IdentityFile ${join(sshd.folder, "user_key")}`];
    const keys = `UserKnownHostsFile ${file("known")}`;
    writeFileSync(file("config"), [...blocks, "Host *", ...all, keys].join("\n"));
    return { config: file("config"), agent: false };
  }

  const loops = {
    "its own jump host": { inner: "ProxyJump gate", gate: "ProxyJump gate" },
    "a jump host of its jump host": {
      inner: "ProxyJump gate",
      gate: "ProxyJump outer",
      outer: "ProxyJump gate",
    },
    "the way to itself": { inner: "ProxyJump gate", gate: "ProxyJump inner" },
  };

  test("of the first one, its own ProxyJump is followed, and of later ones neither that nor ProxyCommand", async () => {
    const own = {
      inner: "ProxyJump gate,middle",
      middle: "ProxyCommand nc no-such-host.invalid 1",
      gate: "ProxyJump outer",
    };
    const options = configured(own);
    execFileSync("ssh", ["-F", options.config as string, "inner", "true"]);
    const host = await connect("inner", options);
    expect((await host.exec(["echo", "there"])).stdout).toBe("there\n");
    await host.close();
    // A key that nobody knows shows where the way leads, hop by hop.
    for (const lacking of ["outer", "gate", "middle", "inner"]) {
      const known = names.filter((name) => name !== lacking);
      await expect(connect("inner", configured(own, known))).rejects.toMatchObject({
        code: "HOST_KEY_UNKNOWN",
        tried: expect.stringContaining(lacking),
      });
    }
  });

  test("a ProxyCommand of the first one is refused by its line", async () => {
    const options = configured({ inner: "ProxyJump gate", gate: "ProxyCommand nc %h %p" });
    await expect(connect("inner", options)).rejects.toMatchObject({
      code: "PROXY_COMMAND_UNSUPPORTED",
      tried: "connect to gate",
      failed: expect.stringContaining(`${options.config}:12`),
    });
    // Given to the call, they are as with `ssh -J`.
    await expect(connect("inner", { ...options, jump: ["gate"] })).rejects.toMatchObject({
      code: "PROXY_COMMAND_UNSUPPORTED",
    });
    await (await connect("inner", { ...options, jump: ["outer", "gate"] })).close();
    await (await connect("gate", { ...options, jump: [] })).close();
  });

  test.each(Object.entries(loops))("what is reached through %s is refused by its line", async (_, own) => {
    const options = configured(own);
    await expect(connect("inner", options)).rejects.toMatchObject({
      code: "SSH_CONFIG_UNSUPPORTED",
      tried: expect.stringMatching(/config_\d+:\d+$/),
      failed: expect.stringContaining("on the way already"),
    });
  });
});
