// npm run verify -- URL: runs the checks against a deployed stack.

import { createClient } from "./client";
import { explain, Failure } from "./errors";
import { parseOptions } from "./options";
import { runChecks } from "./runchecks";

const help = `Checks that a deployed stack does what it promises.

  npm run verify -- URL [options]

  URL                 the stack's URL: pulumi stack output url
  --cookie-name NAME  the stack's cookieName (default: cookie-test)
  --help              show this text

It sends about 600 requests, 500 of them in parallel, and starts about 30 sessions, which stay until they expire.
The exit code is 1 if a check fails.`;

async function main(): Promise<void> {
  const { values, positionals } = parseOptions("verify", {
    allowPositionals: true,
    options: { "cookie-name": { type: "string", default: "cookie-test" }, help: { type: "boolean" } },
  });
  if (values.help) return console.log(help);
  const [url = "", ...more] = positionals;
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url) || more.length > 0) {
    throw new Failure(
      'Pass one URL, such as https://abc123.execute-api.us-east-1.amazonaws.com/: npm run verify -- "$(pulumi stack output url)"',
    );
  }
  const cookieName = values["cookie-name"];
  const client = createClient(url, cookieName);
  const first = await client.visit().catch((error: Error & { code?: string }) => {
    throw new Failure(`No response from ${url} (${error.code ?? error.message}). Is it the stack's URL?`);
  });
  if (first.id && !first.cookie) {
    throw new Failure(
      `${url} doesn't set a cookie named "${cookieName}". Pass the stack's cookieName with --cookie-name.`,
    );
  }
  process.exitCode = (await runChecks(client, console.log)) > 0 ? 1 : 0;
}

main().catch((error: Error) => {
  console.error(explain(error));
  process.exit(1);
});
