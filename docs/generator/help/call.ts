import ts from "typescript";
import { commentOn } from "../comment.js";
import type { Export } from "../source.js";

/** How a cell gets what a call needs, by the name that examples have for it. */
const given: Record<string, string> = {
  host: "const host = localhost();",
  hosts: 'const hosts = [await connect("root@192.0.2.10"), await connect("root@192.0.2.11")];',
  hostA: 'const hostA = await connect("root@192.0.2.10");',
  hostB: 'const hostB = await connect("root@192.0.2.11");',
  cap: 'const cap = await openCapture("capture.pcap");',
  atClient: 'const atClient = await openCapture("client.pcap");',
  samples: 'const samples = await openSocketSamples("sockets.log");',
  samplesA: 'const samplesA = await openSocketSamples("sender.log");',
  samplesB: 'const samplesB = await openSocketSamples("receiver.log");',
  atServer: 'const atServer = await openCapture("server.pcap");',
};

/** What stands for a parameter, by its type; what has no entry here can't be guessed. */
const values: Record<string, string> = { Host: "host", Capture: "cap", "Host[]": "[host]" };

/** A cell that calls an export, as its example does or else with what its parameters need; empty where nothing can be called. */
export function callOf(one: Export, exports: ReadonlyMap<string, Export>): string {
  const call = commentOn(one.documented).examples[0] ?? plainCall(one);
  if (call === undefined) return "";
  const before = Object.entries(given)
    .filter(([name]) => isFree(name, call))
    .map(([, line]) => line);
  const cell = [...before, call].join("\n");
  if (/^import /m.test(call)) return cell;
  const imports = importsOf(cell, exports);
  return [...imports, ...(imports.length > 0 ? [""] : []), cell].join("\n");
}

/** A call without options where a probe or a function with parameters of known types has no example. */
function plainCall({ name, kind, declarations }: Export): string | undefined {
  if (kind === "probe") return `await ${name}(host, { seconds: 10 })`;
  const [declaration] = declarations;
  if (declaration === undefined || !ts.isFunctionDeclaration(declaration)) return undefined;
  const needed = declaration.parameters.filter(
    ({ questionToken, initializer, dotDotDotToken }) => !questionToken && !initializer && !dotDotDotToken,
  );
  const passed = needed.map(({ type }) => values[type?.getText() ?? ""]);
  if (passed.includes(undefined)) return undefined;
  const awaited = declaration.type?.getText().startsWith("Promise<") ? "await " : "";
  return `${awaited}${name}(${passed.join(", ")})`;
}

/** Whether code uses a name that it doesn't declare. */
function isFree(name: string, code: string): boolean {
  const words = withoutTexts(code);
  const declared = new RegExp(`\\b(?:const|let)\\s+(?:\\{[^}]*\\b)?${name}\\b|\\(${name}\\)\\s*=>`);
  // A property's name is none of the cell's.
  return !declared.test(words) && new RegExp(`(?<![.\\w])${name}\\b(?!\\s*:)`).test(words);
}

function importsOf(code: string, exports: ReadonlyMap<string, Export>): string[] {
  const used = [...exports.values()].filter(({ name, kind }) => kind !== "type" && isFree(name, code));
  return (["index", "probe"] as const).flatMap((entry) => {
    const names = used.filter((one) => one.entry === entry).map(({ name }) => name);
    const from = entry === "index" ? "skbook" : "skbook/probe";
    return names.length === 0 ? [] : [`import { ${names.join(", ")} } from "${from}";`];
  });
}

function withoutTexts(code: string): string {
  return code.replaceAll(/"[^"\n]*"|'[^'\n]*'|`[^`]*`/g, '""');
}
