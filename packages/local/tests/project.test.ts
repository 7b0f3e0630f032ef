import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../pulumi/errors";
import { readProject } from "../pulumi/project";

describe("the settings of a stack", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "settings-"));
    writeFileSync(join(folder, "index.ts"), "");
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      "name: app\nconfig:\n  number: 010\n  text: { default: '010' }\n",
    );
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function read(stackFile: string) {
    writeFileSync(join(folder, "Pulumi.dev.yaml"), stackFile);
    return readProject(folder, "dev").config;
  }

  // What `pulumi config --json` of the CLI shows for each.
  const values: [written: string, read: string][] = [
    ["010", "8"],
    ["0123", "83"],
    ["089", "89"],
    ["0o17", "15"],
    ["0x1F", "31"],
    ["0b11", "3"],
    ["1_000", "1000"],
    ["+5", "5"],
    ["-5", "-5"],
    ["12345678901234567890", "12345678901234567890"],
    ["1e3", "1000"],
    ["1.50", "1.5"],
    ["0.00001", "0.00001"],
    ["'010'", "010"],
    ["yes", "yes"],
    ["on", "on"],
    ["True", "true"],
    ["1:30", "1:30"],
    ["", ""],
    ["~", ""],
    ["null", ""],
    ["[1, 010, a]", '[1,8,"a"]'],
    ["{ a: 010, b: yes }", '{"a":8,"b":"yes"}'],
  ];
  for (const [written, expected] of values) {
    it(`are read as the CLI reads them: "${written}" is "${expected}"`, () => {
      assert.equal(read(`config:\n  app:key: ${written}\n`)["app:key"], expected);
    });
  }

  it("support YAML merge keys, which explicit values override", () => {
    const { "app:a": a, "app:b": b } = read("config:\n  <<: { app:a: 7, app:b: 1 }\n  app:b: 2\n");
    assert.deepEqual([a, b], ["7", "2"]);
  });

  it("have the project's defaults", () => {
    assert.deepEqual(read(""), { "app:number": "8", "app:text": "010" });
  });

  it("cause a clear error if they are secret", () => {
    assert.throws(
      () => read("config:\n  app:key: { secure: v1:abc }\n"),
      (error) => error instanceof UserError && /cannot decrypt "app:key"/.test(error.message),
    );
  });
});
