// The functions' archives. Each contender's is bundled and minified by esbuild, as this project's is.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { asset } from "@pulumi/pulumi";
import { build } from "esbuild";
import { unpack } from "pulumi-aws-local";
import { evaluate } from "../../tests/support/evaluate";
import { architectTable } from "./network";

/** Their tables, with their hash keys, and their modules in contenders/. */
const contenders = [
  { name: "bare call", table: "bench-bare", key: "session-id", module: "bare" },
  { name: "this project", table: "bench-ours", key: "session-id", module: "ours" },
  { name: "the article: get, add, put", table: "bench-article", key: "session-id", module: "article" },
  { name: "express-session + connect-dynamodb", table: "bench-connect", key: "id", module: "connect" },
  { name: "@architect/functions", table: architectTable, key: "_idx", module: "architect" },
];

export type Contender = Awaited<ReturnType<typeof createArchives>>[number];

/** Creates every contender's archive in a folder. */
export async function createArchives(parent: string) {
  const { inputs } = await evaluate();
  const deployed = join(parent, "deployed");
  await unpack(inputs("Function visit").code as asset.Archive, deployed);
  return Promise.all(
    contenders.map(async (contender) => {
      // The function that reads and changes values: ours has its own, since what is deployed only counts.
      const valuesFolder = join(parent, contender.module);
      await bundle(contender.module, valuesFolder);
      const folder = contender.module === "ours" ? deployed : valuesFolder;
      // A ZIP archive compresses files separately.
      const files = readdirSync(folder).filter((file) => !file.endsWith(".map"));
      const sizes = files.map((file) => gzipSync(readFileSync(join(folder, file))).length);
      return { ...contender, folder, valuesFolder, gzipped: sizes.reduce((sum, size) => sum + size) };
    }),
  );
}

async function bundle(module: string, folder: string): Promise<void> {
  await build({
    entryPoints: [join(__dirname, "contenders", `${module}.ts`)],
    outfile: join(folder, "bundle.js"),
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    // @architect/functions only requires AWS's SDKs for applications that ask for them.
    external: module === "architect" ? ["aws-sdk/*", "@aws-sdk/*"] : [],
    logLevel: "error",
  });
  const load = 'import { createRequire } from "node:module";\nconst load = createRequire(import.meta.url);';
  writeFileSync(join(folder, "index.mjs"), `${load}\nexport const { handler } = load("./bundle.js");\n`);
}
