import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Level } from "level";
import { messageOf, UserError } from "../pulumi/errors";

/**
 * Checks that a folder can hold tables. LevelDB lets one process open a folder, but dynalite notices too late, so the
 * folder is opened here first.
 *
 * @returns the path for LevelDB
 * @throws UserError when the folder can't be used, or another run is using it
 */
export async function prepareDataFolder(folder: string): Promise<string> {
  const path = join(folder, "dynamodb");
  try {
    mkdirSync(path, { recursive: true });
    const level = new Level(path);
    await level.open();
    await level.close();
  } catch (error) {
    // LevelDB's own error is the cause of another.
    const { cause = error } = error as Error;
    const remedy = "Choose another --data, or end the local run that uses it.";
    throw new UserError(`The data folder ${folder} cannot be used: ${messageOf(cause)}. ${remedy}`);
  }
  return path;
}
