import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { definitions, readSettings } from "../infrastructure/settings";
import { project } from "./support/project";

interface Declaration {
  default: string | number | boolean;
}

const { config, template } = parse(readFileSync(join(project, "Pulumi.yaml"), "utf8"));
// Skips keys such as pulumi:tags, which pulumi new adds.
const declared: Record<string, Declaration> = Object.fromEntries(
  Object.entries<Declaration>(config).filter(([key]) => !key.includes(":")),
);

describe("the settings", () => {
  before(() =>
    pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "app", "test"),
  );

  const readWith = (changes: Record<string, string | undefined>, others: Record<string, string> = {}) => {
    const defaults = Object.entries(declared).map(([key, { default: value }]) => [key, `${value}`]);
    const all = Object.entries({ ...Object.fromEntries(defaults), ...changes })
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [`app:${key}`, value]);
    pulumi.runtime.setAllConfig({ ...Object.fromEntries(all), ...others });
    return readSettings();
  };

  /** The message that a user gets for these settings. */
  function problemsOf(changes: Record<string, string | undefined>): string {
    try {
      readWith(changes);
    } catch (error) {
      // Pulumi shows the message of a RunError without a stack trace.
      assert.ok(pulumi.RunError.isInstance(error));
      return error.message;
    }
    return "";
  }

  it("are those in Pulumi.yaml, with defaults that error messages suggest", () => {
    assert.deepEqual(Object.keys(declared), Object.keys(definitions));
    for (const [key, { example }] of Object.entries(definitions)) {
      const value = declared[key]?.default;
      if (value !== "") assert.equal(`${value}`, example);
    }
  });

  it("have the same defaults when pulumi new asks for them", function () {
    // pulumi new removes the template from the projects that it creates.
    if (!template) this.skip();
    for (const [key, { default: value }] of Object.entries<Declaration>(template.config)) {
      if (!key.startsWith("aws:")) assert.equal(value, declared[key]?.default, key);
    }
  });

  it("are read with their types, without those of other projects and of providers", () => {
    const changes = { memorySize: "1024", protectData: "true", alarmEmail: "ops@example.org" };
    const others = { "aws:region": "eu-west-1", "other:idleSeconds": "x" };
    const defaults = Object.entries(declared).map(([key, { default: value }]) => [key, value]);
    assert.deepEqual(readWith(changes, others), {
      ...Object.fromEntries(defaults),
      ...{ memorySize: 1024, protectData: true, alarmEmail: "ops@example.org" },
    });
  });

  // One of each kind. Each text has values, separated by |.
  const examples: Record<string, [valid: string, invalid: string]> = {
    cookieName: [`sid|__Host-sid|connect.sid|${"x".repeat(64)}`, `|my cookie|a=b|a;b|ä|${"x".repeat(65)}`],
    secretIds: ["true|false", "yes||TRUE"],
    idleSeconds: ["1|34560000", "0|-1|1.5|1e3|| 1800|34560001"],
    logRetentionDays: ["1|3653", "2|0|31|3654"],
    alarmEmail: [
      "|first.last+tag@mail.example.org",
      "ops|ops@example|a b@example.org|ops@example.org, b@example.org",
    ],
    domainName: [
      `a.io|www.example.com|xn--e1afmkfd.xn--p1ai|${"a".repeat(60)}.com`,
      `localhost|https://example.com|${"a".repeat(61)}.com|example.com/|-a.com|Example.com|a.xn--`,
    ],
    hostedZoneId: ["Z1|Z0123456789ABC", "zone|/hostedzone/Z1"],
  };
  for (const [key, [valid, invalid]] of Object.entries(examples)) {
    it(`accept only valid values for ${key}`, () => {
      const rejected = (values: string) =>
        values.split("|").filter((value) => problemsOf({ [key]: value }).includes(`${key} is "${value}"`));
      assert.deepEqual(rejected(valid), []);
      assert.deepEqual(rejected(invalid), invalid.split("|"));
    });
  }

  it("report every problem at once, each with the command that fixes it, and the file that has it", () => {
    assert.equal(
      problemsOf({ idleSeconds: "soon", cookieName: "a b", memorySize: undefined, cookeiName: "sid" }),
      [
        "The settings of stack test are not valid. Correct them in Pulumi.test.yaml, or with these commands:",
        "  - cookeiName is not a setting of this project:",
        "    pulumi config rm cookeiName",
        '  - cookieName is "a b", but must be 1 to 64 letters, digits, dots, hyphens or underscores:',
        "    pulumi config set cookieName cookie-test",
        '  - idleSeconds is "soon", but must be a whole number from 1 to 34560000:',
        "    pulumi config set idleSeconds 1800",
        "  - memorySize is not set, but must be a whole number from 128 to 10240:",
        "    pulumi config set memorySize 256",
      ].join("\n"),
    );
  });

  it("must be consistent with each other", () => {
    const lifetimes = problemsOf({ idleSeconds: "7200", absoluteSeconds: "3600" });
    assert.match(lifetimes, /idleSeconds is 7200.*absoluteSeconds \(3600\).*set idleSeconds 3600/s);
    assert.match(problemsOf({ domainName: "www" }), /go together.*config set hostedZoneId Z/s);
    assert.match(problemsOf({ hostedZoneId: "Z1" }), /go together.*config set domainName www/s);
    const closed = { disableExecuteApiEndpoint: "true" };
    assert.match(problemsOf(closed), /domainName is not set.*set disableExecuteApiEndpoint false/s);
    assert.equal(problemsOf({ ...closed, domainName: "www.example.com", hostedZoneId: "Z1" }), "");
    assert.equal(problemsOf({ idleSeconds: "3600", absoluteSeconds: "3600" }), "");
  });
});
