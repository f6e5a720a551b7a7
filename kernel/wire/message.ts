import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
}

export type Content = Record<string, unknown>;

/** The version of the Jupyter protocol that is spoken here. */
export const protocolVersion = "5.5";

/** One message of the Jupyter protocol. */
export interface Message {
  /** Routing prefix: the client's socket on a router, the topic on iopub. */
  identities: Uint8Array[];
  header: Header;
  /** The header of the request that this message belongs to; empty when there is none. */
  parent: Header | Record<string, never>;
  metadata: Content;
  content: Content;
}

const delimiter = Buffer.from("<IDS|MSG>");

/** Makes the header of a new message. */
export function newHeader(type: string, session: string): Header {
  return {
    msg_id: randomUUID(),
    msg_type: type,
    session,
    username: "skbook",
    date: new Date().toISOString(),
    version: protocolVersion,
  };
}

/** The frames of a message, signed with the connection's key (an empty key: not signed). */
export function encode(message: Message, key: string): (string | Uint8Array)[] {
  const parts = [message.header, message.parent, message.metadata, message.content].map((part) =>
    JSON.stringify(part),
  );
  return [...message.identities, delimiter, signature(key, parts), ...parts];
}

/** The message in these frames; undefined when it is malformed or its signature is wrong. */
export function decode(frames: Uint8Array[], key: string): Message | undefined {
  const at = frames.findIndex((frame) => delimiter.equals(frame));
  const signed = frames[at + 1];
  const parts = frames.slice(at + 2, at + 6);
  if (at < 0 || signed === undefined || parts.length < 4) return undefined;
  const expected = Buffer.from(signature(key, parts));
  if (expected.length !== signed.length || !timingSafeEqual(expected, signed)) return undefined;
  try {
    const [header, parent, metadata, content] = parts.map((part) => JSON.parse(Buffer.from(part).toString()));
    if (typeof header?.msg_type !== "string") return undefined;
    return {
      identities: frames.slice(0, at),
      header,
      parent: parent ?? {},
      metadata: metadata ?? {},
      content: content ?? {},
    };
  } catch {
    return undefined;
  }
}

function signature(key: string, parts: readonly (string | Uint8Array)[]): string {
  if (key === "") return "";
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}
