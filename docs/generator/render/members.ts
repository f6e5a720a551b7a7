import ts from "typescript";
import { commentOn } from "../comment.js";
import { linked, type Places } from "./links.js";
import { code, table } from "./markdown.js";

/** The members of an interface or a class that users see, as a table. */
export function membersTable(declaration: ts.Declaration, places: Places): string {
  const rows = membersOf(declaration).map((member) => [
    code(member.signature),
    linked(member.meaning, places),
  ]);
  return table(["member", "meaning"], rows);
}

/** The members of an interface or a class that users see; none of anything else. */
export function membersOf(declaration: ts.Declaration): { signature: string; meaning: string }[] {
  if (!ts.isInterfaceDeclaration(declaration) && !ts.isClassDeclaration(declaration)) return [];
  return [...declaration.members]
    .flatMap(fromConstructor)
    .filter(isSeen)
    .map((member) => ({ signature: signatureOf(member), meaning: meaningOf(member) }));
}

type Member = ts.TypeElement | ts.ClassElement | ts.ParameterDeclaration;

/** Parameters of a constructor that are properties, too. */
function fromConstructor(member: ts.TypeElement | ts.ClassElement): Member[] {
  if (!ts.isConstructorDeclaration(member)) return [member];
  return member.parameters.filter((parameter) => ts.isParameterPropertyDeclaration(parameter, member));
}

function isSeen(member: Member): boolean {
  const flags = ts.getCombinedModifierFlags(member as ts.Declaration);
  if (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) return false;
  const name = member.name;
  return name === undefined || ts.isIdentifier(name) || ts.isStringLiteral(name);
}

function signatureOf(member: Member): string {
  const text = member.getText();
  const body = "body" in member ? (member.body as ts.Node | undefined) : undefined;
  const head = body === undefined ? text : text.slice(0, body.getStart() - member.getStart());
  return head
    .replace(/^((?:public|readonly|override|async)\s+)+/, "")
    .replace(/[;,]?\s*$/, "")
    .replaceAll(/\s+/g, " ");
}

function meaningOf(member: Member): string {
  const { text, parameters, returns, throws } = commentOn(member);
  return [
    text,
    ...parameters.map((parameter) => `${code(parameter.name)}: ${parameter.text}`),
    returns === "" ? "" : `Returns ${returns}`,
    throws === "" ? "" : `Throws ${throws}`,
  ]
    .filter((part) => part !== "")
    .join(" ");
}
