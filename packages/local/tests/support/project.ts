import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const nodeModules = resolve(__dirname, "../../../../node_modules");

const folders: string[] = [];
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const compilerOptions = {
  strict: true,
  target: "es2022",
  module: "nodenext",
  skipLibCheck: true,
  types: ["node"],
};

/** A page: an HTTP API in front of one function, whose code is in `page.ts`. */
export const page = {
  "Pulumi.yaml": "name: page\nruntime: nodejs\n",
  "Pulumi.dev.yaml": "config:\n  greeting: hello\n",
  "tsconfig.json": JSON.stringify({ compilerOptions }),
  "page.ts": `export const text: string = "one";\n`,
  "index.ts": `import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { text } from "./page";

const greeting = new pulumi.Config().require("greeting");
const body = JSON.stringify(\`\${greeting} \${text}\`);
const code = \`exports.handler = async ({ rawPath, body: sent }) => {
  if (rawPath === "/slow") await new Promise((resolve) => setTimeout(resolve, 4000));
  return { statusCode: 200, body: sent ?? \${body} };
};\`;
const role = new aws.iam.Role("page", {
  assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "lambda.amazonaws.com" }),
});
const page = new aws.lambda.Function("page", {
  code: new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset(code) }),
  handler: "index.handler",
  runtime: "nodejs24.x",
  role: role.arn,
  timeout: 10,
});
function publish(name: string) {
  const { executionArn, apiEndpoint } = new aws.apigatewayv2.Api(name, { protocolType: "HTTP", target: page.arn });
  new aws.lambda.Permission(name, {
    action: "lambda:InvokeFunction",
    function: page.name,
    principal: "apigateway.amazonaws.com",
    sourceArn: pulumi.interpolate\`\${executionArn}/*/*\`,
  });
  return pulumi.interpolate\`\${apiEndpoint}/\`;
}
export const url = publish("site");
`,
};

export type Files = Record<string, string>;

/** A Pulumi project in a temporary folder: {@link page}, unless `files` say otherwise, or `base` is another. */
export function createProject(files: Files = {}, below = "", base: Files = page): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "project-")));
  folders.push(folder);
  symlinkSync(nodeModules, join(folder, "node_modules"));
  const project = join(folder, below);
  write(project, { ...base, ...files });
  return project;
}

export function write(folder: string, files: Files): void {
  for (const [file, text] of Object.entries(files)) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    // At once, as editors do: a run that is looking must never find half a file.
    writeFileSync(`${path}~`, text);
    renameSync(`${path}~`, path);
  }
}
