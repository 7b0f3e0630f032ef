import type { IncomingMessage } from "node:http";

const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * A URL's path as HTTP APIs decode it: twice, and up to an encoded question mark. AWS's answers to such paths are in
 * https://github.com/hotsock/voker/blob/main/vokerhttp/testdata/ingress-paths.json
 *
 * @returns `undefined` for a path that the gateway refuses
 */
export function decodePath(url: string): string | undefined {
  try {
    const [encoded = ""] = url.split("?");
    const [decoded = ""] = decodeURIComponent(encoded).split("?");
    return decodeURIComponent(decoded);
  } catch {
    return undefined;
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
