import * as pulumi from "@pulumi/pulumi";

interface Setting<T> {
  /** The value, or `undefined` if it is not allowed. */
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

const oneOf = (values: number[], example: number): Setting<number> => ({
  parse: (value) => values.find((known) => `${known}` === value),
  allowed: `one of ${values.join(", ")}`,
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

/** A text that may be empty, which switches off what it is for. */
const optionalText = (pattern: RegExp, allowed: string, example: string) =>
  text(new RegExp(`^$|${pattern.source}`), `${allowed}, or nothing`, example);

// Browsers keep no cookie for longer than 400 days (RFC 6265bis, section 5.5).
const LONGEST_SESSION = 400 * 24 * 60 * 60;

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** The values that each setting takes. `Pulumi.yaml` has types, defaults and descriptions. */
export const definitions = {
  cookieName: text(
    /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/,
    "a token (RFC 6265) of up to 64 characters",
    "cookie-test",
  ),
  secretIds: flag,
  idleSeconds: wholeNumber(1, LONGEST_SESSION, 1800),
  absoluteSeconds: wholeNumber(1, LONGEST_SESSION, 43200),
  memorySize: wholeNumber(128, 10240, 256),
  logRetentionDays: oneOf(RETENTION_DAYS, 30),
  // The account's quotas also apply: by default 10,000 and, depending on the region, 1,250 to 5,000. AWS raises both.
  throttlingRateLimit: wholeNumber(1, 1000000, 1000),
  throttlingBurstLimit: wholeNumber(1, 1000000, 1000),
  protectData: flag,
  privateNetwork: flag,
  tracing: flag,
  alarmEmail: optionalText(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "an e-mail address", "ops@example.com"),
  // ACM's limit: https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
  domainName: optionalText(
    /^(?=.{1,64}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+([a-z]{2,}|xn--[a-z0-9-]*[a-z0-9])$/,
    "a domain name of up to 64 characters",
    "www.example.com",
  ),
  hostedZoneId: optionalText(/^Z[A-Z0-9]+$/, "the id of a Route 53 hosted zone", "Z0123456789ABC"),
  disableExecuteApiEndpoint: flag,
};

export type Settings = {
  readonly [Key in keyof typeof definitions]: NonNullable<ReturnType<(typeof definitions)[Key]["parse"]>>;
};

/**
 * Reads the stack's settings from its configuration.
 *
 * @throws RunError that lists every wrong, missing or unknown setting with the command that fixes it
 */
export function readSettings(): Settings {
  const prefix = `${pulumi.getProject()}:`;
  const config = pulumi.runtime.allConfig();
  const problems: string[] = [];
  const report = (problem: string, command: string) =>
    problems.push(`  - ${problem}:\n    pulumi config ${command}`);

  function read([key, { parse, allowed, example }]: [string, Setting<unknown>]) {
    const value = config[prefix + key];
    const parsed = value === undefined ? undefined : parse(value);
    if (parsed === undefined) {
      const found = value === undefined ? "is not set" : `is "${value}"`;
      report(`${key} ${found}, but must be ${allowed}`, `set ${key} ${example}`);
    }
    return [key, parsed];
  }
  const settings = Object.fromEntries(Object.entries(definitions).map(read)) as Settings;

  for (const name of Object.keys(config).filter((name) => name.startsWith(prefix))) {
    const key = name.slice(prefix.length);
    if (!(key in definitions)) report(`${key} is not a setting of this project`, `rm ${key}`);
  }
  const { idleSeconds, absoluteSeconds, domainName, disableExecuteApiEndpoint } = settings;
  if (idleSeconds > absoluteSeconds) {
    const both = `idleSeconds is ${idleSeconds}, but must not exceed absoluteSeconds, which is ${absoluteSeconds}`;
    report(both, `set idleSeconds ${absoluteSeconds}`);
  }
  const isGiven = (key: keyof Settings) => Boolean(config[prefix + key]);
  if (isGiven("domainName") !== isGiven("hostedZoneId")) {
    const missing = isGiven("domainName") ? "hostedZoneId" : "domainName";
    report("domainName and hostedZoneId belong together", `set ${missing} ${definitions[missing].example}`);
  }
  if (disableExecuteApiEndpoint && !domainName) {
    const nothingLeft = "disableExecuteApiEndpoint closes the API's own address, but there is no domainName";
    report(nothingLeft, "set disableExecuteApiEndpoint false");
  }
  if (problems.length > 0) {
    const list = problems.join("\n");
    throw new pulumi.RunError(`The settings of stack ${pulumi.getStack()} are not valid:\n${list}`);
  }

  if (domainName && !disableExecuteApiEndpoint) {
    pulumi.log.info(
      `The API's own address stays open. Close it once ${domainName} answers: pulumi config set disableExecuteApiEndpoint true`,
    );
  }
  return settings;
}
