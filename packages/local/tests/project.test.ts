import { strict as assert } from "node:assert";
import { join } from "node:path";
import { deploy, type Outputs } from "../pulumi/program";
import { readProject } from "../pulumi/project";
import type { Provider } from "../pulumi/resource";
import { standIns } from "../pulumi/standins";
import { createProject, type Files } from "./support/project";

describe("the settings of a stack", () => {
  const app = {
    "Pulumi.yaml": "name: app\nconfig:\n  number: 8\n  text: { default: '010' }\n",
    "index.ts": "",
  };
  const read = (stackFile: string) =>
    readProject(createProject({ "Pulumi.dev.yaml": stackFile }, "", app), "dev").config;

  it("are read as the CLI reads them", () => {
    const values = {
      "1.50": "1.5",
      "'010'": "010",
      yes: "yes",
      "~": "",
      "[1, a]": '[1,"a"]',
      "{ a: 10, b: yes }": '{"a":10,"b":"yes"}',
    };
    for (const [written, expected] of Object.entries(values)) {
      assert.equal(read(`config:\n  app:key: ${written}\n`)["app:key"], expected);
    }
    const merged = read("config:\n  <<: { app:a: 7, app:b: 1 }\n  app:b: 2\n");
    assert.deepEqual([merged["app:a"], merged["app:b"]], ["7", "2"]);
  });

  it("cause a clear error if they are secret, at any depth", () => {
    for (const value of ["{ secure: v1:abc }", "{ a: [{ secure: v1:abc }] }"]) {
      assert.throws(() => read(`config:\n  app:key: ${value}\n`), /cannot decrypt "app:key".*--stack local/);
    }
  });

  it("cause a clear error if they are no list of keys and values", () => {
    for (const text of ["- a\n", "text\n", "config: text\n", "config: [a]\n"]) {
      assert.throws(() => read(text), /Pulumi\.dev\.yaml must hold "config:"/);
    }
  });

  it("are the project's defaults without a file, as long as there are none of other stacks", () => {
    const { config } = readProject(createProject({}, "", app), "dev");
    assert.deepEqual(config, { "app:number": "8", "app:text": "010" });
    const folder = createProject({ "Pulumi.prod.yaml": "" }, "", app);
    assert.throws(() => readProject(folder, "dev"), /no stack "dev".*--stack: prod/);
  });

  it("can be in a folder of their own, beside a Pulumi.yml", () => {
    const folder = createProject({}, "", {
      "Pulumi.yml": "name: app\nruntime: { name: nodejs }\nstackConfigDir: stacks\n",
      "stacks/Pulumi.dev.yml": "config:\n  app:key: value\n",
      "index.ts": "",
    });
    assert.equal(readProject(join(folder, "stacks"), "dev").config["app:key"], "value");
  });
});

describe("the program of a project", () => {
  let folder: string;

  async function outputsOf(files: Files): Promise<Outputs> {
    folder = createProject(files, "", { "Pulumi.yaml": "name: app\n" });
    return (await deploy(readProject(folder, "dev"), standIns("us-east-1"))).outputs;
  }
  const where = "export const where = process.cwd();\n";

  it("is the index, or what package.json names", async () => {
    const { where: found } = await outputsOf({ "index.ts": where });
    assert.equal(found, folder);
    const other = "export const other = true;\n";
    const named = {
      "Pulumi.yaml": "name: app\nmain: sub\n",
      "sub/package.json": '{ "main": "src/app.ts" }',
      "sub/src/app.ts": other,
    };
    assert.deepEqual(await outputsOf(named), { other: true });
  });

  it("is what Pulumi.yaml names, and has its folder as working directory", async () => {
    for (const main of ["src", "src/app.ts"]) {
      const files = {
        "Pulumi.yaml": `name: app\nmain: ${main}\n`,
        "src/index.ts": where,
        "src/app.ts": where,
      };
      const { where: found } = await outputsOf(files);
      assert.equal(found, join(folder, "src"));
    }
    assert.notEqual(process.cwd(), join(folder, "src"));
  });

  it("can export a function that returns the outputs, and ask for its organization", async () => {
    const program = `import { getOrganization, getStack } from "@pulumi/pulumi";
      export = async () => ({ names: [getOrganization(), getStack()] });\n`;
    assert.deepEqual(await outputsOf({ "index.ts": program }), { names: ["organization", "dev"] });
  });

  for (const module of ["nodenext", "esnext"]) {
    it(`can have "module": "${module}", re-export types and call a module`, async () => {
      const files = {
        "tsconfig.json": JSON.stringify({ compilerOptions: { module } }),
        "types.ts": "export interface Shape { sides: number }\nexport const sides = 4;\n",
        "again.ts": 'export { Shape, sides } from "./types";\n',
        "index.ts": `import * as check from "node:assert";\nimport { type Shape, sides } from "./again";
          check(sides);\nexport const shape: Shape = { sides };\n`,
      };
      assert.deepEqual(await outputsOf(files), { shape: { sides: 4 } });
    });
  }

  it("is looked for with a clear error", async () => {
    const python = { "Pulumi.yaml": "name: app\nruntime: python\n" };
    await assert.rejects(outputsOf(python), /is for programs in Node\.js; the runtime in \S+ is "python"/);
    await assert.rejects(outputsOf({}), /There is no program: \S+ has neither an index\.ts nor an index\.js/);
    const missing = { "Pulumi.yaml": "name: app\nmain: app.ts\n" };
    await assert.rejects(outputsOf(missing), /There is no program: \S+app\.ts does not exist/);
  });

  it("creates nothing more once it has failed, here or in the next deployment", async () => {
    const created: string[] = [];
    const provider: Provider = {
      "aws:sns/topic:Topic": ({ name }) => {
        created.push(name);
        if (name === "refused") throw new Error("no");
        return {};
      },
    };
    const deployTopics = (text: string) => {
      const start = `import * as aws from "@pulumi/aws";
        const scope = globalThis as { goOn?: () => void; late?: Promise<unknown> };\n`;
      return deploy(readProject(createProject({ "index.ts": start + text }), "dev"), provider);
    };
    const late = `scope.late = new Promise<void>((resolve) => { scope.goOn = resolve; })
      .then(() => new aws.sns.Topic("a"));\n`;
    await assert.rejects(deployTopics(`${late}new aws.sns.Topic("refused");`), /no$/);
    await deployTopics(
      `new aws.sns.Topic("a"); scope.goOn?.(); export const late = scope.late?.then(() => 1);`,
    );
    assert.deepEqual(created, ["refused", "a"]);
  });

  it("is told what isn't emulated when it fails without that", async () => {
    const program = `import { StackReference } from "@pulumi/pulumi";
      export const vpc = new StackReference("org/network/dev").requireOutput("vpc");\n`;
    await assert.rejects(
      outputsOf({ "index.ts": program }),
      /does not exist on stack.*\nNot emulated: StackReference$/,
    );
  });
});
