import type { Parameter, ProbeFacts } from "./adapters/probes.js";

/** The file that says to the compiler what probes can be asked: Shift-Tab on an option shows it. */
export const parameterTypesFile = "probes/parameters.ts";

/** Its text: of each probe that names its interface there, the parameters as the definition has them. */
export function parameterTypes(probes: Iterable<ProbeFacts>): string {
  const interfaces = [...probes].map(
    ({ name, parameters }) => `/** What {@link ${name}} can be asked, beside what every probe can. */
export interface ${interfaceOf(name)} {
${parameters.map(member).join("")}}
`,
  );
  return `// Generated from the definitions by \`npm run docs\`; don't edit.\n\n${interfaces.join("\n")}`;
}

export function interfaceOf(probe: string): string {
  return `${probe.charAt(0).toUpperCase()}${probe.slice(1)}Parameters`;
}

function member({ name, type, required, ...facts }: Parameter): string {
  return `  /** ${said(facts)} */\n  ${name}${required ? `: ${type}` : `?: ${type} | undefined`};\n`;
}

/** Meaning, range and default. */
function said({ meaning, takes, default: usual }: Pick<Parameter, "meaning" | "takes" | "default">): string {
  const words = meaning ?? takes;
  const range = /integer|number/.test(takes) && meaning !== null ? ` (${takes})` : "";
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${range}.${usual === null ? "" : ` Default ${usual}.`}`;
}
