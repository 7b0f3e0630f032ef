import { isBuiltin } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import { build, type Plugin } from "esbuild";

/**
 * A transformation for a `CallbackFunction`: replaces its archive (the serialized handler, and beside it every
 * package in `dependencies`) by one file, which holds what the handler uses of these packages, and the handler.
 */
export const bundle: pulumi.ResourceTransformation = ({ type, props, opts }) =>
  // It is also asked about the function's children: a role, if the function is given none.
  type === "aws:lambda/function:Function"
    ? { props: { ...props, code: pulumi.output(props.code).apply(bundleArchive) }, opts }
    : undefined;

async function bundleArchive(archive: pulumi.asset.AssetArchive): Promise<pulumi.asset.AssetArchive> {
  const serialized = (await archive.assets)["__index.js"] as pulumi.asset.StringAsset;
  const { packages, handler } = separate(await serialized.text);
  const { outputFiles } = await build({
    stdin: { contents: packages, resolveDir: __dirname },
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "iife",
    globalName: "packages",
    minify: true,
    // As it was serialized, so that stack traces name its functions.
    footer: { js: handler },
    mainFields: ["module", "main"],
    plugins: [withoutWorkstationCredentials],
  });
  const [file] = outputFiles;
  return new pulumi.asset.AssetArchive({ "__index.js": new pulumi.asset.StringAsset(file?.text ?? "") });
}

/**
 * Parts the packages from the handler. esbuild leaves out what is not used of a package only where an ES module
 * imports it; the handler cannot be one, because the serializer wraps each function in a `with` block.
 */
function separate(serialized: string) {
  const packages: string[] = [];
  const handler = serialized.replace(
    /(^const (\w+) = )?\brequire\("([^"]+)"\)/gm,
    (original, start = "", name, path) => {
      if (isBuiltin(path)) return original;
      const id = `package${packages.length}`;
      const uses = name ? serialized.match(new RegExp(`(?<!^const )\\b${name}\\b(\\.\\w+)?`, "gm")) : [""];
      const members = new Set(uses?.map((use) => use.split(".")[1]));
      packages.push(
        members.has(undefined) // The package is used as a whole.
          ? `export const ${id} = require("${importPath(path)}");`
          : `import * as ${id}_ from "${importPath(path)}";
             export const ${id} = { ${[...members].map((member) => `${member}: ${id}_.${member}`)} };`,
      );
      return `${start}packages.${id}`;
    },
  );
  return { packages: packages.join("\n"), handler };
}

/** The serializer requires a package by its main file's path. By its name, esbuild finds its ES modules. */
function importPath(path: string): string {
  const [name = path] = /^(@[^/]+\/)?[^/]+/.exec(path) ?? [];
  return require.resolve(name) === require.resolve(path) ? name : path;
}

/** Lambda gives credentials in the environment or at a container's address. The rest is skipped, as if not set. */
const withoutWorkstationCredentials: Plugin = {
  name: "without-workstation-credentials",
  setup({ onLoad }) {
    const filter =
      /@aws-sdk[\\/]credential-provider-(ini|process|sso|web-identity)[\\/]dist-es[\\/]index\.js$/;
    const contents = `
      import { CredentialsProviderError } from "@smithy/core/config";
      const skip = () => async () => { throw new CredentialsProviderError("not available in a function"); };
      export { skip as fromIni, skip as fromProcess, skip as fromSSO, skip as fromTokenFile };`;
    onLoad({ filter }, () => ({ contents }));
  },
};
