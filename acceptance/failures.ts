/** A problem that the user can fix: its message is all that is shown. */
export class Failure extends Error {}

const remedies: [pattern: RegExp, sentence: string][] = [
  [
    /spawn pulumi ENOENT/,
    "There is no Pulumi CLI on the PATH. Install it: https://www.pulumi.com/docs/install/",
  ],
  [
    /PULUMI_ACCESS_TOKEN must be set|not logged in|run `?pulumi login|invalid access token/i,
    "The Pulumi CLI is not logged in. Run pulumi login, or pulumi login --local to keep stacks on this machine.",
  ],
  [
    /passphrase must be set|incorrect passphrase/,
    "This backend encrypts with a passphrase. Set one: export PULUMI_CONFIG_PASSPHRASE=anything",
  ],
  [
    /valid credential sources|validate AWS credentials|validating provider credentials|failed to refresh cached credentials|ExpiredToken|InvalidClientTokenId|UnrecognizedClientException|security token included in the request is (invalid|expired)/,
    "AWS accepts no credentials from here: there are none, or they are old. Run aws sts get-caller-identity to see, and aws login or aws configure to change that.",
  ],
  [
    /AccessDenied|is not authorized to perform/,
    "The AWS credentials may not do what the error above names. Take others, or widen their policy.",
  ],
  [/stack.*already exists/, "A stack of this name is already there. Start again: another name is made up."],
  [
    /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|connection refused|no such host|i\/o timeout|request send failed/,
    "The connection was lost. See whether AWS (or its emulator) can be reached from here.",
  ],
];

const remedyFor = (text: string): string | undefined => remedies.find(([pattern]) => pattern.test(text))?.[1];

/** What went wrong, without a stack trace. What the CLI wrote while it worked has been shown before. */
export function explain(error: unknown): string {
  const text = error instanceof Error ? error.message : `${error}`;
  if (error instanceof Failure) return text;
  // The Automation API puts what the CLI wrote below the command that failed.
  const [, problem] = /^ *error: (.+)$/m.exec(text) ?? /Command failed[^\n]*\n(.+)/.exec(text) ?? [];
  return remedyFor(text) ?? problem ?? text.split("\n")[0] ?? "";
}
