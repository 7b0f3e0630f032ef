// For the packages of a serialized function, Pulumi has npm's Arborist read all of node_modules: a third of a start.

import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { Module } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import type * as pulumi from "@pulumi/pulumi";

try {
  const file = require.resolve("@pulumi/pulumi/runtime/closure/codePaths");
  require.cache[file] ??= Object.assign(new Module(file), { loaded: true, exports: { computeCodePaths } });
} catch {
  // Another version of Pulumi.
}

/** Lists the packages for a function's archive, as Pulumi does: the `dependencies`, and what they depend on. */
async function computeCodePaths(options: pulumi.runtime.CodePathOptions = {}) {
  const { extraIncludePaths = [], extraIncludePackages = [], extraExcludePackages = [] } = options;
  const { asset } = require("@pulumi/pulumi") as typeof pulumi;
  const paths = new Set(extraIncludePaths);
  const seen = new Set(extraExcludePackages);

  function add(name: string, from: string): void {
    const folder = findAbove(from, join("node_modules", name));
    // Packages for deployments are not for functions.
    if (!folder || name.startsWith("@pulumi/") || seen.has(name) || seen.has(folder)) return;
    seen.add(folder);
    const path = relative(process.cwd(), folder);
    if (![...paths].some((other) => path.startsWith(other + sep))) paths.add(path);
    for (const each of dependenciesOf(folder)) add(each, realpathSync(folder));
  }

  const manifest = findAbove(process.cwd(), "package.json");
  if (!manifest) throw new Error("there is no package.json, which names the packages that functions need");
  const project = dirname(manifest);
  for (const name of [...dependenciesOf(project), ...extraIncludePackages]) add(name, project);
  const toAsset = (path: string) =>
    statSync(path).isDirectory() ? new asset.FileArchive(path) : new asset.FileAsset(path);
  return new Map([...paths].map((path) => [path, toAsset(path)]));
}

const dependenciesOf = (folder: string): string[] =>
  Object.keys(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).dependencies ?? {});

function findAbove(folder: string, path: string): string | undefined {
  const file = join(folder, path);
  if (existsSync(file)) return file;
  return dirname(folder) === folder ? undefined : findAbove(dirname(folder), path);
}
