import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/**
 * Writes an archive's files into a folder.
 *
 * @returns whether that is possible: all of it must be text, or local files and folders
 */
export async function unpack(archive: pulumi.asset.Archive, folder: string): Promise<boolean> {
  if (archive instanceof pulumi.asset.FileArchive) {
    const path = await archive.path;
    const isFolder = statSync(path).isDirectory();
    if (isFolder) cpSync(path, folder, { recursive: true, dereference: true });
    return isFolder;
  }
  if (!(archive instanceof pulumi.asset.AssetArchive)) return false;
  for (const [path, entry] of Object.entries(await archive.assets)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    if (entry instanceof pulumi.asset.StringAsset) writeFileSync(target, await entry.text);
    else if (entry instanceof pulumi.asset.FileAsset) cpSync(await entry.path, target, { dereference: true });
    else if (!pulumi.asset.Archive.isInstance(entry) || !(await unpack(entry, target))) return false;
  }
  return true;
}

/**
 * Lets functions below a folder load the project's AWS SDK: Lambda, too, has one for functions that don't include it.
 * Other packages stay out of reach.
 */
export function lendSdk(project: string, folder: string): void {
  const installed = createRequire(join(project, "index.js")).resolve.paths("x") ?? [];
  mkdirSync(join(folder, "node_modules"));
  for (const scope of ["@aws-sdk", "@smithy"]) {
    const found = installed.map((modules) => join(modules, scope)).find(existsSync);
    if (found) symlinkSync(found, join(folder, "node_modules", scope));
  }
}

/** Makes source maps lead to the project's own files, for stack traces and breakpoints. */
export function locateSources(taskRoot: string, project: string): void {
  for (const file of readdirSync(taskRoot).filter((name) => name.endsWith(".map"))) {
    const map = JSON.parse(readFileSync(join(taskRoot, file), "utf8"));
    const sources: string[] = map.sources ?? [];
    map.sources = sources.map((source) => {
      const path = join(project, source);
      return existsSync(path) && !existsSync(join(taskRoot, source)) ? path : source;
    });
    writeFileSync(join(taskRoot, file), JSON.stringify(map));
  }
}
