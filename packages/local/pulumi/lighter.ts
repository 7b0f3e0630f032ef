// Loads less of Pulumi: half of its loading time goes into parts that hardly any program needs.

import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { Module } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import type * as pulumi from "@pulumi/pulumi";

replace("@pulumi/pulumi/runtime/closure/codePaths", () => ({ computeCodePaths }));
// Only functions that are serialized need TypeScript.
for (const path of ["@pulumi/pulumi/typescript-shim", "@pulumi/pulumi/automation"]) replace(path, loadLater);

/** A module that is loaded when something is first taken from it. */
function loadLater(load: () => object): object {
  let loaded: object | undefined;
  const get = (_: object, name: string | symbol) => {
    if (name === "__esModule") return true;
    loaded ??= load();
    return Reflect.get(loaded, name);
  };
  return new Proxy({}, { get });
}

/** Makes `require` return something other than a module, unless the module has been loaded or isn't there. */
function replace(path: string, create: (load: () => object) => object): void {
  try {
    const file = require.resolve(path);
    const load = () => {
      delete require.cache[file];
      return require(file);
    };
    require.cache[file] ??= Object.assign(new Module(file), {
      loaded: true,
      exports: create(load),
    });
  } catch {
    // Another version of Pulumi.
  }
}

/**
 * Lists the packages for the archive of a function that is serialized, as Pulumi does: those in package.json's
 * `dependencies` and what they depend on. Pulumi's own function has npm's Arborist read all of node_modules.
 */
async function computeCodePaths(options: pulumi.runtime.CodePathOptions = {}) {
  const { extraIncludePaths = [], extraIncludePackages = [], extraExcludePackages = [] } = options;
  const { asset } = require("@pulumi/pulumi") as typeof pulumi;
  const here = process.cwd();
  const found = new Set<string>();
  const paths = new Set(extraIncludePaths);

  function add(name: string, folder: string): void {
    const file = findAbove(folder, join("node_modules", name, "package.json"));
    if (!file || found.has(file) || extraExcludePackages.includes(name)) return;
    found.add(file);
    const { dependencies, pulumi } = JSON.parse(readFileSync(file, "utf8"));
    // Packages for deployments may name the packages that functions need.
    const isForDeployments = pulumi || name.startsWith("@pulumi/");
    if (!isForDeployments) paths.add(relative(here, dirname(file)));
    const needed = isForDeployments ? pulumi?.runtimeDependencies : dependencies;
    for (const each of Object.keys(needed ?? {})) add(each, realpathSync(dirname(file)));
  }

  const manifest = findAbove(here, "package.json");
  if (!manifest) throw new Error("there is no package.json, which names the packages that functions need");
  const { dependencies = {} } = JSON.parse(readFileSync(manifest, "utf8"));
  for (const name of [...Object.keys(dependencies), ...extraIncludePackages]) add(name, dirname(manifest));
  const outermost = [...paths].filter((path) => ![...paths].some((other) => path.startsWith(other + sep)));
  return new Map(
    outermost.map((path) => {
      const isFolder = statSync(path).isDirectory();
      return [path, isFolder ? new asset.FileArchive(path) : new asset.FileAsset(path)];
    }),
  );
}

function findAbove(folder: string, path: string): string | undefined {
  const file = join(folder, path);
  if (existsSync(file)) return file;
  return dirname(folder) === folder ? undefined : findAbove(dirname(folder), path);
}
