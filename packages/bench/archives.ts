import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as pulumi from "@pulumi/pulumi";
import { build } from "esbuild";
import { unpack } from "pulumi-aws-local";
import { createHandler } from "../../handler";
import { evaluate } from "../../tests/support/evaluate";

export interface Archive {
  name: string;
  /** The folder that it is unpacked into. */
  folder: string;
  /** The module that exports the handler. */
  main: string;
  /** Where the function finds packages that are not in the archive. */
  nodePath?: string;
  files: number;
  bytes: number;
  /** Each file compressed separately, as in a ZIP archive. */
  gzipped: number;
}

/** Unpacks three archives of the same handler into `folder`. */
export async function createArchives(folder: string): Promise<Archive[]> {
  const inFolder = (name: string) => join(folder, name);
  const { inputs } = await evaluate();
  await unpack(
    inputs("aws:lambda/function:Function", "visit").code as pulumi.asset.Archive,
    inFolder("ours"),
  );

  // What CallbackFunction uploads without the transformation. Only the transformation needs esbuild.
  const { text } = await pulumi.runtime.serializeFunction(createHandler, { isFactoryFunction: true });
  const packages = Object.fromEntries(
    await pulumi.runtime.computeCodePaths({ extraExcludePackages: ["esbuild"] }),
  );
  const index = new pulumi.asset.StringAsset(text);
  await unpack(new pulumi.asset.AssetArchive({ "__index.js": index, ...packages }), inFolder("default"));

  // Lambda's runtimes include the SDK. Here, the default archive's copy stands in for it.
  const { outputFiles } = await build({
    stdin: { contents: text, resolveDir: __dirname },
    bundle: true,
    write: false,
    minify: true,
    platform: "node",
    format: "cjs",
    external: ["@aws-sdk/*"],
  });
  const bundled = new pulumi.asset.StringAsset(outputFiles[0]?.text ?? "");
  await unpack(new pulumi.asset.AssetArchive({ "__index.js": bundled }), inFolder("runtime"));

  return [
    describe("ours", inFolder("ours")),
    describe("Pulumi's default", inFolder("default")),
    {
      ...describe("SDK left to the runtime", inFolder("runtime")),
      nodePath: inFolder("default/node_modules"),
    },
  ];
}

function describe(name: string, folder: string): Archive {
  const contents = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
  const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0);
  const bytes = sum(contents.map(({ length }) => length));
  return {
    name,
    folder,
    main: existsSync(join(folder, "bundle.js")) ? "bundle.js" : "__index.js",
    files: contents.length,
    bytes,
    gzipped: sum(contents.map((file) => gzipSync(file).length)),
  };
}
