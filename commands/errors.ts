/** An error whose message is all that the user sees. */
export class Failure extends Error {}

const advice: [pattern: RegExp, sentence: string][] = [
  [
    /spawn pulumi ENOENT/,
    "The Pulumi CLI is not on the PATH. Install it: https://www.pulumi.com/docs/install/",
  ],
  [
    /PULUMI_ACCESS_TOKEN must be set|not logged in|run `?pulumi login|invalid access token/i,
    "The Pulumi CLI is not logged in. Run pulumi login, or pulumi login --local to keep state on this machine.",
  ],
  [
    /passphrase must be set|incorrect passphrase/,
    "This backend encrypts secrets with a passphrase. Set one: export PULUMI_CONFIG_PASSPHRASE=anything",
  ],
  [
    /valid credential sources|validate AWS credentials|validating provider credentials|failed to refresh cached credentials|ExpiredToken|InvalidClientTokenId|UnrecognizedClientException|security token included in the request is (invalid|expired)/,
    "Your AWS credentials are missing or expired. Check them with aws sts get-caller-identity; aws login or aws configure sets new ones.",
  ],
  [
    /AccessDenied|is not authorized to perform/,
    "Your AWS credentials don't allow the action in the error above. Use others, or extend their policy.",
  ],
  [
    /stack.*already exists/,
    "A stack with this name already exists. Run the command again to get another name.",
  ],
  [
    /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|connection refused|no such host|i\/o timeout|request send failed/,
    "The connection failed. Check that this machine can reach AWS, or its emulator.",
  ],
];

/** Explains an error without its stack trace. The CLI's own output has already been shown. */
export function explain(error: unknown): string {
  const text = error instanceof Error ? error.message : `${error}`;
  if (error instanceof Failure) return text;
  // The Automation API appends the CLI's output to the message.
  const [, problem] = /^ *error: (.+)$/m.exec(text) ?? /Command failed[^\n]*\n(.+)/.exec(text) ?? [];
  const sentence = advice.find(([pattern]) => pattern.test(text))?.[1];
  return sentence ?? problem ?? text.split("\n")[0] ?? "";
}
