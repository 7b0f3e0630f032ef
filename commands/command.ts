import { type ParseArgsConfig, parseArgs } from "node:util";

/** An error whose message is all that the user sees. */
export class Failure extends Error {}

/**
 * Runs a command of package.json and ends the process. A {@link Failure} or a mistake in the options gets one line;
 * any other error is a bug, and Node.js shows where it is.
 */
export async function runCommand<T extends ParseArgsConfig>(
  script: string,
  help: string,
  config: T,
  run: (parsed: ReturnType<typeof parseArgs<T>>) => Promise<void>,
): Promise<void> {
  if (process.argv.some((arg) => arg === "-h" || arg === "--help")) return console.log(help);
  try {
    await run(parseArgs(config));
    process.exit();
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    const isMistake = code?.startsWith("ERR_PARSE_ARGS");
    if (!isMistake && !(error instanceof Failure)) throw error;
    // Node.js adds sentences about arguments that look like options.
    const [mistake] = message.split(/\.?\n|\. /);
    console.error(isMistake ? `${mistake}. See npm run ${script} -- --help.` : message);
    process.exit(1);
  }
}
