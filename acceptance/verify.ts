// npm run verify -- URL: holds what a visit promises against a deployed stack.

import { parseArgs } from "node:util";
import { holdAll } from "./hold";
import { createSite } from "./site";

const help = `Visits a deployed stack and holds it against what a visit promises.

  npm run verify -- URL [options]

  URL                 the stack's URL: pulumi stack output url
  --cookie-name NAME  the stack's cookieName (default: cookie-test)
  --help              show this text

It sends about 600 requests, 500 of them at once, and starts about 30 sessions, which stay until they expire.
The exit code is 1 if a promise falls short.`;

/** A mistake on the command line; its message is all that is shown. */
class UsageError extends Error {}

function readOptions(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { "cookie-name": { type: "string", default: "cookie-test" }, help: { type: "boolean" } },
    });
    return { ...values, positionals };
  } catch (error) {
    const [problem = ""] = (error instanceof Error ? error.message : `${error}`).split(/\.?\n/);
    throw new UsageError(`${problem}. See npm run verify -- --help.`);
  }
}

async function main(): Promise<void> {
  const { positionals, help: helpWanted, "cookie-name": cookieName } = readOptions(process.argv.slice(2));
  if (helpWanted) return console.log(help);
  const [url = "", ...more] = positionals;
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url) || more.length > 0) {
    throw new UsageError(
      'Name one URL, such as https://abc123.execute-api.us-east-1.amazonaws.com/: npm run verify -- "$(pulumi stack output url)"',
    );
  }
  const site = createSite(url, cookieName);
  const first = await site.visit().catch((error: Error & { code?: string }) => {
    throw new UsageError(
      `Nothing answers at ${url} (${error.code ?? error.message}). Is it the stack's URL?`,
    );
  });
  if (first.id && !first.cookie) {
    throw new UsageError(
      `${url} sets no cookie "${cookieName}". Name the stack's cookie with --cookie-name.`,
    );
  }
  const short = await holdAll(site, console.log);
  process.exitCode = short > 0 ? 1 : 0;
}

main().catch((error: Error) => {
  console.error(error instanceof UsageError ? error.message : error);
  process.exit(1);
});
