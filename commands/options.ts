import { type ParseArgsConfig, parseArgs } from "node:util";
import { Failure } from "./errors";

/**
 * Parses the command line of `npm run <script>`.
 *
 * @throws Failure with one sentence when it isn't valid
 */
export function parseOptions<T extends ParseArgsConfig>(script: string, config: T) {
  try {
    return parseArgs<T>(config);
  } catch (error) {
    // Further sentences are about positional arguments that look like options.
    const [problem = ""] = (error instanceof Error ? error.message : `${error}`).split(/\.?\n|\. /);
    throw new Failure(`${problem}. See npm run ${script} -- --help.`);
  }
}
