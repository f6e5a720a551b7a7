const variable = "SKBOOK_SUDO_PASSWORD";
/** The kernel and the library are bundled apart: what one of them took is known to the other by this. */
const hook: unique symbol = Symbol.for("skbook.sudoPassword") as never;
type Keeper = { [hook]?: () => string };

/**
 * The password for sudo that the environment of this process had. The first call takes it out of there, so that no child has it: tshark,
 * the compiler, a program that a cell starts.
 */
export function sudoPassword(): string | undefined {
  const given = process.env[variable];
  if (given !== undefined) {
    delete process.env[variable];
    // Hidden in a function, so that nothing prints it.
    Object.defineProperty(globalThis, hook, { value: () => given, configurable: true });
  }
  return (globalThis as Keeper)[hook]?.();
}

/** The environment for a child that is a kernel of skbook, or starts them: these may need the password. */
export function kernelEnvironment(): NodeJS.ProcessEnv {
  const password = sudoPassword();
  return password === undefined ? { ...process.env } : { ...process.env, [variable]: password };
}
