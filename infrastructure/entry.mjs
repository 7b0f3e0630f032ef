// The archive's index.mjs. It awaits the handler's `init`, which only an ES module can do while it loads. It requires
// the bundle: for an import, Node.js would search all of it for exports.
import { createRequire } from "node:module";

process.setSourceMapsEnabled(true);
export const { handler } = createRequire(import.meta.url)("./bundle.js");
await handler.init?.();
