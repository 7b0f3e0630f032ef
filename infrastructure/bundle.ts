import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type BuildFailure, build, type Plugin } from "esbuild";

const projectFolder = resolve(__dirname, "..");

/**
 * A transformation for a `CallbackFunction`. Replaces its archive, which has the serialized callback and every package in
 * `dependencies`, with one bundle of the callback and the modules that it requires, and their source map. Paths in the
 * callback's `require` are relative to `index.ts`.
 *
 * It isn't one of the newer `transforms`, because Pulumi's runtime mocks ignore those.
 */
export const bundle: pulumi.ResourceTransformation = ({ type, name, props, opts }) =>
  // Pulumi also calls it for the function's children, such as the role that it creates if you pass none.
  type === "aws:lambda/function:Function"
    ? {
        props: {
          ...props,
          handler: "index.handler",
          code: pulumi.output(props.code).apply((archive) => bundleArchive(name, archive)),
        },
        opts,
      }
    : undefined;

async function bundleArchive(name: string, archive: pulumi.asset.AssetArchive) {
  const assets = (await archive.assets) as Record<string, Partial<pulumi.asset.StringAsset>>;
  const serialized = await assets["__index.js"]?.text;
  if (serialized === undefined) {
    throw new pulumi.RunError(
      `The function "${name}" has no __index.js: bundle only works for a CallbackFunction.`,
    );
  }
  const { modules, callback } = separate(serialized);
  const { outputFiles } = await build({
    stdin: { contents: modules, resolveDir: projectFolder },
    absWorkingDir: projectFolder,
    outfile: "bundle.js",
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "iife",
    globalName: "modules",
    minify: true,
    sourcemap: "linked",
    sourcesContent: false,
    footer: { js: callback },
    mainFields: ["module", "main"],
    plugins: [packages],
    logLevel: "silent",
  }).catch(({ errors }: BuildFailure) => {
    const problems = errors.map(
      ({ text, location }) => `${text}${location ? ` (${location.file}:${location.line})` : ""}`,
    );
    throw new pulumi.RunError(`The function "${name}" cannot be bundled: ${problems.join("; ")}`);
  });
  const files = outputFiles.map(({ path, text }) => [path.slice(projectFolder.length + 1), text] as const);
  return new pulumi.asset.AssetArchive(
    Object.fromEntries(
      [...files, ["index.mjs", entry] as const].map(([path, text]) => [
        path,
        new pulumi.asset.StringAsset(text),
      ]),
    ),
  );
}

/**
 * Loads the bundle and awaits the handler's `init`, which only an ES module can do while it loads. It uses `require`, because
 * with `import`, Node.js would search the whole bundle for exports.
 */
const entry = `import { createRequire } from "node:module";
process.setSourceMapsEnabled(true);
export const { handler } = createRequire(import.meta.url)("./bundle.js");
await handler.init?.();
`;

/**
 * Separates the modules from the callback that requires them. esbuild only removes unused code from what ES modules import, and
 * the callback can't be an ES module: the serializer wraps each function in a `with` block.
 */
function separate(serialized: string) {
  const modules: string[] = [];
  const callback = serialized.replace(/\brequire\("([^"]+)"\)/g, (original, path: string) => {
    if (isBuiltin(path)) return original;
    const id = `module${modules.length}`;
    modules.push(
      path.startsWith(".")
        ? `export * as ${id} from "${path}";`
        : `export const ${id} = require("${importPath(path)}");`,
    );
    return `modules.${id}`;
  });
  return { modules: modules.join("\n"), callback };
}

/** The serializer requires a package by its main file's path. Given the package's name, esbuild uses its ES modules instead. */
function importPath(path: string): string {
  const [name = path] = /^(@[^/]+\/)?[^/]+/.exec(path) ?? [];
  return require.resolve(name) === require.resolve(path) ? name : path;
}

/**
 * Keeps packages out of the source map, which is for our own files. esbuild uses the map appended here instead of its own; it
 * only maps column 2^29, which doesn't exist.
 */
const withoutMappings = (contents: string) => {
  const map = '{"version":3,"sources":[""],"mappings":"ggggggBAAA"}';
  return `${contents}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString("base64")}`;
};

const packages: Plugin = {
  name: "packages",
  setup({ onLoad }) {
    // In Lambda, credentials come from the environment or a container endpoint. All other providers are dead code.
    const unusedProviders =
      /@aws-sdk[\\/]credential-provider-(ini|process|sso|web-identity)[\\/]dist-es[\\/]index\.js$/;
    const replacement = `
      import { CredentialsProviderError } from "@smithy/core/config";
      const skip = () => async () => { throw new CredentialsProviderError("not available in a function"); };
      export { skip as fromIni, skip as fromProcess, skip as fromSSO, skip as fromTokenFile };`;
    onLoad({ filter: /[\\/]node_modules[\\/].*\.([cm]?js|json)$/ }, async ({ path }) => {
      const text = unusedProviders.test(path) ? replacement : await readFile(path, "utf8");
      return { contents: withoutMappings(path.endsWith("json") ? `module.exports = ${text}` : text) };
    });
  },
};
