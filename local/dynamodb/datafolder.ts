import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Level } from "level";
import { UserError } from "../pulumi/errors";

/** How often a run looks whether its data folder is still there. */
const LOOK_MS = 500;

/**
 * Makes sure that tables can be kept in a folder. LevelDB lets one process open a folder, but dynalite notices
 * too late: so the folder is opened here first.
 *
 * @returns the path for LevelDB
 * @throws UserError when another run uses the folder, or it cannot be written to or read
 */
export async function prepareDataFolder(folder: string): Promise<string> {
  const path = join(folder, "dynamodb");
  try {
    mkdirSync(path, { recursive: true });
    const level = new Level(path);
    await level.open();
    await level.close();
  } catch (error) {
    const { code, message } = causeOf(error);
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
 * Notices when a data folder fails during the run. Whatever was answered before is in the folder, if it is
 * still there.
 *
 * @returns what ends the watch
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
  // dynalite throws what LevelDB reports: of a full disk, say.
  const onThrown = (error: unknown) => {
    const { code, message } = causeOf(error);
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

interface Cause {
  code?: string;
  message: string;
}

/** The first cause of an error. */
function causeOf(error: unknown): Cause {
  if (!(error instanceof Error)) return { message: `${error}` };
  return error.cause ? causeOf(error.cause) : error;
}
