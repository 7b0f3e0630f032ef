import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Level } from "level";
import { UserError } from "../pulumi/errors";

/** How often a run checks that its data folder still exists. */
const LOOK_MS = 500;

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
    const { code, message } = causeOf(error as Failure);
    if (code === "LEVEL_LOCKED") {
      throw new UserError(
        `Another local run uses the data folder ${folder}. End it, or choose another --data.`,
      );
    }
    throw new UserError(`The data folder ${folder} cannot be used: ${message}. Choose another --data.`);
  }
  return path;
}

/**
 * Reports when a data folder fails during the run.
 *
 * @returns a function that stops watching
 */
export function watchDataFolder(
  folder: string,
  path: string,
  onFailure: (error: UserError) => void,
): () => void {
  const inode = () => statSync(join(path, "CURRENT"), { throwIfNoEntry: false }) && statSync(path).ino;
  const opened = inode();
  const timer = setInterval(() => {
    if (inode() !== opened) fail("it was moved or deleted");
  }, LOOK_MS).unref();
  // dynalite lets LevelDB's errors go uncaught, such as one about a full disk.
  const onThrown = (error: unknown) => {
    const { code, message } = causeOf(Object(error) as Failure);
    if (code?.startsWith("LEVEL_")) fail(message);
  };
  process.on("uncaughtException", onThrown);
  const stop = () => {
    clearInterval(timer);
    process.off("uncaughtException", onThrown);
  };
  const fail = (problem: string) => {
    stop();
    onFailure(new UserError(`The data folder ${folder} can no longer be used: ${problem}.`));
  };
  return stop;
}

interface Failure {
  code?: string;
  message: string;
  cause?: Failure;
}

/** LevelDB's own error, which others wrap. */
const causeOf = (error: Failure): Failure => (error.cause ? causeOf(error.cause) : error);
