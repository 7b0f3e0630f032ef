import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/**
 * Writes what an archive holds into a folder, as unpacking the uploaded archive would.
 *
 * @throws Error for an archive or asset that is not made of text and local files
 */
export async function unpack(archive: pulumi.asset.Archive, folder: string): Promise<void> {
  if (archive instanceof pulumi.asset.FileArchive) {
    // A folder; a packed file would be copied as it is, and its handler not be found.
    return cpSync(await archive.path, folder, { recursive: true, dereference: true });
  }
  if (!(archive instanceof pulumi.asset.AssetArchive)) throw new Error("remote archives are not emulated");
  for (const [path, entry] of Object.entries(await archive.assets)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    if (entry instanceof pulumi.asset.StringAsset) writeFileSync(target, await entry.text);
    else if (entry instanceof pulumi.asset.FileAsset) cpSync(await entry.path, target, { dereference: true });
    else if (pulumi.asset.Archive.isInstance(entry)) await unpack(entry, target);
    else throw new Error("remote assets are not emulated");
  }
}

/** Lets source maps name the project's own files, which stack traces show and in which a debugger sets breakpoints. */
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
