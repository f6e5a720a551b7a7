/** Shell text that writes a Python program of a lab host, which the scheduler then knows by its name. */
export function program(name: string, text: string): string[] {
  const file = `/run/lab/${name}`;
  return [`cat > ${file} <<'END'\n#!/usr/bin/python3${text}\nEND\nchmod +x ${file}`];
}

/** Shell text that ends one that runs in the background, and takes it away. */
export function remove(name: string): string[] {
  return [`/mnt/finish ${name}; rm -f /run/lab/${name}`];
}
