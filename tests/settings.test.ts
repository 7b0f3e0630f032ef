import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { definitions, readSettings } from "../infrastructure/settings";

interface Declaration {
  type: string;
  default: string | number | boolean;
  description: string;
}

const read = (file: string) => readFileSync(resolve(__dirname, "..", file), "utf8");
const projectFile = parse(read("Pulumi.yaml"));
// Skips keys such as pulumi:tags, which pulumi new adds.
const declared: Record<string, Declaration> = Object.fromEntries(
  Object.entries<Declaration>(projectFile.config).filter(([key]) => !key.includes(":")),
);
const defaults = Object.fromEntries(
  Object.entries(declared).map(([key, { default: value }]) => [key, `${value}`]),
);

describe("the settings", () => {
  before(() =>
    pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "app", "test"),
  );

  const readWith = (changes: Record<string, string | undefined>) => {
    const all = Object.entries({ ...defaults, ...changes }).filter(([, value]) => value !== undefined);
    pulumi.runtime.setAllConfig(Object.fromEntries(all.map(([key, value]) => [`app:${key}`, `${value}`])));
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

  it("are read with their types", () => {
    assert.deepEqual(readWith({ memorySize: "1024", protectData: "true", alarmEmail: "ops@example.org" }), {
      cookieName: "cookie-test",
      idleSeconds: 1800,
      absoluteSeconds: 43200,
      memorySize: 1024,
      logRetentionDays: 30,
      throttlingRateLimit: 1000,
      throttlingBurstLimit: 1000,
      protectData: true,
      secretIds: false,
      privateNetwork: false,
      tracing: false,
      alarmEmail: "ops@example.org",
      domainName: "",
      hostedZoneId: "",
      disableExecuteApiEndpoint: false,
    });
  });

  const valid: Record<string, string[]> = {
    cookieName: ["sid", "__Host-sid", "__Secure-sid", "a.b!c~d"],
    idleSeconds: ["1", "43200"],
    absoluteSeconds: ["1800", "34560000"],
    memorySize: ["128", "10240"],
    logRetentionDays: ["1", "3653"],
    throttlingRateLimit: ["1", "1000000"],
    throttlingBurstLimit: ["1", "1000000"],
    protectData: ["true", "false"],
    secretIds: ["true", "false"],
    privateNetwork: ["true", "false"],
    tracing: ["true", "false"],
    alarmEmail: ["", "first.last+tag@mail.example.org"],
    domainName: ["a.io", "www.example.com", "xn--e1afmkfd.xn--p1ai", `${"a".repeat(60)}.com`],
    hostedZoneId: ["Z1", "Z0123456789ABC"],
    disableExecuteApiEndpoint: ["false"],
  };
  const invalid: Record<string, string[]> = {
    cookieName: ["", "my cookie", "a=b", "a;b", "ä", "x".repeat(65)],
    idleSeconds: ["0", "-1", "1.5", "1e3", "", "soon", "34560001"],
    absoluteSeconds: ["0", "34560001", " 1800"],
    memorySize: ["127", "10241", "256MB"],
    logRetentionDays: ["2", "0", "31", "3654"],
    throttlingRateLimit: ["0", "1000001", "-5"],
    throttlingBurstLimit: ["0", "1000001"],
    protectData: ["yes", "", "1", "TRUE"],
    secretIds: ["yes", "sha256"],
    privateNetwork: ["no"],
    tracing: ["Active"],
    alarmEmail: ["ops", "ops@example", "a b@example.org", "ops@example.org, dev@example.org"],
    domainName: [
      "localhost",
      "https://example.com",
      `${"a".repeat(61)}.com`,
      "example.com/",
      "-a.com",
      "*.example.com",
      "Example.com",
      "example.xn--",
    ],
    hostedZoneId: ["zone", "/hostedzone/Z1"],
    disableExecuteApiEndpoint: ["1"],
  };
  for (const key of Object.keys(definitions)) {
    it(`accept only valid values for ${key}`, () => {
      for (const value of valid[key] ?? [])
        assert.ok(!problemsOf({ [key]: value }).includes(`${key} is "`), value);
      for (const value of invalid[key] ?? [])
        assert.ok(problemsOf({ [key]: value }).includes(`${key} is "${value}"`), value);
      assert.ok(valid[key] && invalid[key]);
    });
  }

  it("report every problem at once, each with the command that fixes it", () => {
    assert.equal(
      problemsOf({ idleSeconds: "soon", logRetentionDays: "31", memorySize: undefined, cookeiName: "sid" }),
      [
        "The settings of stack test are not valid:",
        '  - idleSeconds is "soon", but must be a whole number from 1 to 34560000:',
        "    pulumi config set idleSeconds 1800",
        "  - memorySize is not set, but must be a whole number from 128 to 10240:",
        "    pulumi config set memorySize 256",
        '  - logRetentionDays is "31", but must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653:',
        "    pulumi config set logRetentionDays 30",
        "  - cookeiName is not a setting of this project:",
        "    pulumi config rm cookeiName",
      ].join("\n"),
    );
  });

  it("must be consistent with each other", () => {
    assert.match(
      problemsOf({ idleSeconds: "7200", absoluteSeconds: "3600" }),
      /idleSeconds is 7200.* absoluteSeconds.* 3600/,
    );
    assert.match(problemsOf({ domainName: "www.example.com" }), /belong together.*config set hostedZoneId/s);
    assert.match(problemsOf({ domainName: "www" }), /belong together.*config set hostedZoneId/s);
    assert.match(problemsOf({ hostedZoneId: "Z1" }), /belong together.*config set domainName/s);
    const domain = { domainName: "www.example.com", hostedZoneId: "Z1" };
    assert.equal(problemsOf(domain), "");
    assert.equal(problemsOf({ ...domain, disableExecuteApiEndpoint: "true" }), "");
    assert.match(problemsOf({ disableExecuteApiEndpoint: "true" }), /there is no domainName/);
  });

  it("say how to close the API's own address, until it is closed", () => {
    const domain = { domainName: "www.example.com", hostedZoneId: "Z1" };
    const shown = (changes: Record<string, string>) => {
      const lines: string[] = [];
      const { log } = console;
      console.log = (line) => lines.push(line);
      try {
        readWith(changes);
      } finally {
        console.log = log;
      }
      return lines.join("\n");
    };
    assert.match(
      shown(domain),
      /once www\.example\.com answers: pulumi config set disableExecuteApiEndpoint true$/,
    );
    assert.equal(shown({ ...domain, disableExecuteApiEndpoint: "true" }), "");
    assert.equal(shown({}), "");
  });

  it("ignore keys of other projects and of providers", () => {
    readWith({});
    pulumi.runtime.setAllConfig({
      ...pulumi.runtime.allConfig(),
      "aws:region": "eu-west-1",
      "other:idleSeconds": "x",
    });
    assert.equal(readSettings().idleSeconds, 1800);
  });

  describe("in Pulumi.yaml", () => {
    it("are the ones that the code reads", () => {
      assert.deepEqual(Object.keys(declared), Object.keys(definitions));
    });

    it("have defaults of the right type, which error messages suggest", () => {
      const types = { string: "string", integer: "number", boolean: "boolean" };
      for (const [key, { example }] of Object.entries(definitions)) {
        const { type, default: value } = declared[key] ?? assert.fail(key);
        assert.equal(typeof value, types[type as keyof typeof types]);
        if (value !== "") assert.equal(`${value}`, example);
      }
    });

    it("are in the README with their defaults and descriptions", () => {
      const rows = Object.entries(declared).map(
        ([key, { default: value, description }]) =>
          `| \`${key}\` | ${value === "" ? "" : `\`${value}\` `}| ${description} |`,
      );
      const [, table = ""] = read("README.md").split("| Setting | Default | |\n| --- | --- | --- |\n");
      assert.deepEqual(table.split("\n\n")[0]?.split("\n"), rows);
    });

    it("have the same defaults when pulumi new asks for them", function () {
      // pulumi new removes the template from the projects that it creates.
      if (!projectFile.template) this.skip();
      const { "aws:region": region, ...asked } = projectFile.template.config;
      assert.equal(region.default, "us-east-1");
      for (const [key, { default: value }] of Object.entries<Declaration>(asked)) {
        assert.equal(value, declared[key]?.default, key);
      }
    });
  });
});
