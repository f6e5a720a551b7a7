/** The content, if it can be sent: what JSON can't hold, a bigint or a circle, is its cell's error. */
export function sendable<T>(content: T): T {
  JSON.stringify(content);
  return content;
}
