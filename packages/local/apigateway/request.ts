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
