import * as pulumi from "@pulumi/pulumi";

interface Setting<T> {
  /** Returns the value, or `undefined` if it is not allowed. */
  parse(text: string): T | undefined;
  /** What is allowed, in words. */
  allowed: string;
  /** An allowed value: the default, if there is one. */
  example: string;
}

const wholeNumber = (min: number, max: number, example: number): Setting<number> => ({
  parse: (value) => (/^\d+$/.test(value) && +value >= min && +value <= max ? +value : undefined),
  allowed: `a whole number from ${min} to ${max}`,
  example: `${example}`,
});

const flag: Setting<boolean> = {
  parse: (value) => ({ true: true, false: false })[value],
  allowed: "true or false",
  example: "false",
};

const text = (pattern: RegExp, allowed: string, example: string): Setting<string> => ({
  parse: (value) => (pattern.test(value) ? value : undefined),
  allowed,
  example,
});

// Browsers limit a cookie's lifetime to 400 days (RFC 6265bis, section 5.5).
const LONGEST_SESSION = 400 * 24 * 60 * 60;

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const E_MAIL = /^$|^[^\s@]+@[^\s@]+\.[^\s@]+$/;
// ACM's limit: https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
const DOMAIN = /^$|^(?=.{1,64}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+([a-z]{2,}|xn--[a-z0-9-]*[a-z0-9])$/;
const ZONE = /^$|^Z[A-Z0-9]+$/;

/** The values that each setting allows. `Pulumi.yaml` has types, defaults and descriptions. */
export const definitions = {
  cookieName: text(/^[\w.-]{1,64}$/, "1 to 64 letters, digits, dots, hyphens or underscores", "cookie-test"),
  secretIds: flag,
  idleSeconds: wholeNumber(1, LONGEST_SESSION, 1800),
  absoluteSeconds: wholeNumber(1, LONGEST_SESSION, 43200),
  memorySize: wholeNumber(128, 10240, 256),
  logRetentionDays: {
    parse: (value: string) => RETENTION_DAYS.find((days) => `${days}` === value),
    allowed: `one of ${RETENTION_DAYS.join(", ")}`,
    example: "30",
  },
  // The account's quotas also apply: by default 10,000 and, depending on the region, 1,250 to 5,000.
  throttlingRateLimit: wholeNumber(1, 1000000, 1000),
  throttlingBurstLimit: wholeNumber(1, 1000000, 1000),
  protectData: flag,
  privateNetwork: flag,
  tracing: flag,
  alarmEmail: text(E_MAIL, "an e-mail address or empty", "ops@example.com"),
  domainName: text(DOMAIN, "a domain name of up to 64 characters or empty", "www.example.com"),
  hostedZoneId: text(ZONE, "the id of a Route 53 hosted zone or empty", "Z0123456789ABC"),
  disableExecuteApiEndpoint: flag,
};

export type Settings = {
  readonly [Key in keyof typeof definitions]: NonNullable<ReturnType<(typeof definitions)[Key]["parse"]>>;
};

/**
 * Reads the settings from the stack's configuration.
 *
 * @throws RunError that lists every wrong, missing or unknown setting with the command that fixes it
 */
export function readSettings(): Settings {
  const problems: string[] = [];
  const report = (problem: string, command: string) =>
    problems.push(`  - ${problem}:\n    pulumi config ${command}`);

  const prefix = `${pulumi.getProject()}:`;
  const config: Record<string, string> = {};
  for (const [name, value] of Object.entries(pulumi.runtime.allConfig())) {
    const key = name.slice(prefix.length);
    if (!name.startsWith(prefix)) continue;
    if (key in definitions) config[key] = value;
    else report(`${key} is not a setting of this project`, `rm ${key}`);
  }

  function read([key, { parse, allowed, example }]: [string, Setting<unknown>]) {
    const value = config[key];
    const parsed = value === undefined ? undefined : parse(value);
    if (parsed === undefined) {
      const found = value === undefined ? "is not set" : `is "${value}"`;
      report(`${key} ${found}, but must be ${allowed}`, `set ${key} ${example}`);
    }
    return [key, parsed];
  }
  const settings = Object.fromEntries(Object.entries(definitions).map(read)) as Settings;

  const { idleSeconds, absoluteSeconds } = settings;
  if (idleSeconds > absoluteSeconds) {
    const problem = `idleSeconds is ${idleSeconds}, but must not exceed absoluteSeconds (${absoluteSeconds})`;
    report(problem, `set idleSeconds ${absoluteSeconds}`);
  }
  if (!config.domainName !== !config.hostedZoneId) {
    const missing = config.domainName ? "hostedZoneId" : "domainName";
    report("domainName and hostedZoneId go together", `set ${missing} ${definitions[missing].example}`);
  }
  if (settings.disableExecuteApiEndpoint && !config.domainName) {
    const problem = "disableExecuteApiEndpoint closes the default endpoint, but domainName is not set";
    report(problem, "set disableExecuteApiEndpoint false");
  }
  if (problems.length > 0) {
    const stack = pulumi.getStack();
    const advice = `Correct them in Pulumi.${stack}.yaml, or with these commands:`;
    const list = [advice, ...problems].join("\n");
    throw new pulumi.RunError(`The settings of stack ${stack} are not valid. ${list}`);
  }
  return settings;
}
