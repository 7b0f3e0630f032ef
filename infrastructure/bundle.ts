import * as pulumi from "@pulumi/pulumi";
import { build } from "esbuild";

/**
 * A transformation for a `CallbackFunction`: replaces its archive (the serialized handler, and beside it every
 * package in `dependencies`) by the one file that the handler needs, as esbuild bundles it.
 */
export const bundle: pulumi.ResourceTransformation = ({ props, opts }) => ({
  props: { ...props, code: pulumi.output(props.code).apply(bundleArchive) },
  opts,
});

async function bundleArchive(archive: pulumi.asset.AssetArchive): Promise<pulumi.asset.AssetArchive> {
  const serialized = (await archive.assets)["__index.js"] as pulumi.asset.StringAsset;
  const { outputFiles } = await build({
    stdin: { contents: await serialized.text, resolveDir: process.cwd(), sourcefile: "handler.js" },
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    // The serializer wraps functions in `with` blocks, which only CommonJS allows.
    format: "cjs",
    minify: true,
    // The serializer requires the SDK by a path inside the package, which would shut out its smaller ES modules.
    alias: { "@aws-sdk/client-dynamodb/dist-cjs/index.js": "@aws-sdk/client-dynamodb" },
    mainFields: ["module", "main"],
  });
  const [file] = outputFiles;
  return new pulumi.asset.AssetArchive({ "__index.js": new pulumi.asset.StringAsset(file?.text ?? "") });
}
