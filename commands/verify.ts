// npm run verify -- URL: runs the checks against a deployed page.

import { runChecks } from "./checks";
import { connect } from "./client";
import { Failure, runCommand } from "./command";

const help = `Checks that a deployed page keeps its promises about sessions, this application's page or your own.

  npm run verify -- URL [options]

  URL                 the page's URL: pulumi stack output url
  --cookie-name NAME  the session cookie's name (default: cookie-test)
  --page PATTERN      finds the visitor's counter on your own page, in the first group of a regular expression, such
                      as 'Visit (\\d+)'; without it, the checks of your page follow the cookie alone
  --help              show this text

It sends about 600 requests, 500 of them in parallel, and starts about 30 sessions, which stay until they expire.
The exit code is 1 if a check fails.`;

const options = {
  "cookie-name": { type: "string", default: "cookie-test" },
  page: { type: "string" },
} as const;

runCommand("verify", help, { allowPositionals: true, options }, async ({ values, positionals }) => {
  const [url = "", ...more] = positionals;
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url) || more.length > 0) {
    throw new Failure('Pass one URL, such as the stack\'s: npm run verify -- "$(pulumi stack output url)"');
  }
  const page = values.page === undefined ? undefined : toPattern(values.page);
  await runChecks(await connect(url, values["cookie-name"], page));
});

function toPattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new Failure(`--page takes a regular expression such as 'Visit (\\d+)', not "${text}".`);
  }
}
