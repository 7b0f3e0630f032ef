import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Level } from "level";
import { UserError } from "../pulumi/errors";

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
    const { code, message } = (error as Failure).cause ?? (error as Failure);
    if (code === "LEVEL_LOCKED") {
      throw new UserError(
        `Another local run uses the data folder ${folder}. End it, or choose another --data.`,
      );
    }
    throw new UserError(`The data folder ${folder} cannot be used: ${message}. Choose another --data.`);
  }
  return path;
}

interface Failure {
  code?: string;
  message: string;
  cause?: Failure;
}
