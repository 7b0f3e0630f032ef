import type { IncomingMessage } from "node:http";

const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** Of the request line and the headers together. */
export const MAX_HEAD_BYTES = 10_240;

/** The length of the request line and the headers. */
export function headBytes({ method = "", url = "", httpVersion, rawHeaders }: IncomingMessage): number {
  const requestLine = `${method} ${url} HTTP/${httpVersion}`;
  return Buffer.byteLength(requestLine) + Buffer.byteLength(rawHeaders.join(""), "latin1");
}

/** Whether a path is percent-encoded correctly. */
export function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** The whole body; `undefined` when it is longer than the gateway takes. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return length <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}
