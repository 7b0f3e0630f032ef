import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { build, type Plugin } from "esbuild";

const projectFolder = resolve(__dirname, "..");

/**
 * A transformation for a `CallbackFunction`. Replaces its archive, which has the serialized callback and all packages,
 * with one bundle of the callback and the modules that it requires, and their source map. Paths in the callback's
 * `require` are relative to `index.ts`.
 */
// It isn't one of the newer `transforms`, because Pulumi's runtime mocks ignore those.
export const bundle: pulumi.ResourceTransformation = ({ type, name, props, opts }) => {
  // Pulumi also calls it for the function's children, such as the role that it creates if you pass none.
  if (type !== "aws:lambda/function:Function") return undefined;
  const code = pulumi.output(props.code.assets).apply((assets) =>
    createArchive(assets["__index.js"]?.text).catch(({ message }: Error) => {
      throw new pulumi.RunError(`The function "${name}" cannot be bundled: ${message}`);
    }),
  );
  return { props: { ...props, code, handler: "index.handler" }, opts };
};

/**
 * Bundles the modules that the callback requires, and appends the callback unchanged, with a `require` that finds
 * them. The callback can't be an ES module, because the serializer wraps each function in a `with` block, and esbuild
 * only removes unused code from what ES modules import.
 */
async function createArchive(callback?: string): Promise<pulumi.asset.AssetArchive> {
  if (callback === undefined) throw new Error("it isn't a CallbackFunction.");
  const settings = { bundle: true, write: false, platform: "node", logLevel: "silent" } as const;
  const stdin = { contents: callback, sourcefile: "callback" };
  const { metafile } = await build({ ...settings, stdin, external: ["*"], metafile: true });
  const required = new Set(metafile.inputs.callback?.imports.map(({ path }) => JSON.stringify(path)));
  const modules = [...required].map((path, i) =>
    // A package can export a function, which `export *` would lose.
    path.startsWith('".')
      ? `export * as ${path} from ${path};`
      : `const package${i} = require(${path}); export { package${i} as ${path} };`,
  );
  const { outputFiles } = await build({
    ...settings,
    stdin: { ...stdin, contents: modules.join("\n"), resolveDir: projectFolder },
    outfile: "bundle.js",
    absWorkingDir: projectFolder,
    target: "node20",
    format: "iife",
    globalName: "modules",
    footer: { js: `((require) => {\n${callback}\n})((id) => modules[id] ?? require(id));` },
    minify: true,
    sourcemap: "linked",
    sourcesContent: false,
    mainFields: ["module", "main"],
    alias: { "@aws-sdk/credential-provider-node": "./infrastructure/credentials.ts" },
    plugins: [packages],
  });
  const asset = (text: string) => new pulumi.asset.StringAsset(text);
  const files = outputFiles.map(({ path, text }) => [basename(path), asset(text)]);
  const entry = asset(await readFile(resolve(__dirname, "entry.mjs"), "utf8"));
  return new pulumi.asset.AssetArchive({ ...Object.fromEntries(files), "index.mjs": entry });
}

// The source map is for our own files. Each file of a package gets a map of its own, which only maps column 2^29.
const packages: Plugin = {
  name: "packages",
  setup({ onLoad }) {
    const map = Buffer.from('{"version":3,"sources":[""],"mappings":"ggggggBAAA"}').toString("base64");
    onLoad({ filter: /[\\/]node_modules[\\/].*js(on)?$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const code = path.endsWith("json") ? `module.exports = ${text}` : text;
      return { contents: `${code}\n//# sourceMappingURL=data:application/json;base64,${map}` };
    });
  },
};
