import { setTimeout as wait } from "node:timers/promises";
import { createPorts } from "./apigateway/ports";
import { type Deployed, deployProject, type RunOptions } from "./deployment";
import { startDynamoDB } from "./dynamodb/embedded";
import { createTables } from "./dynamodb/provider";
import type { Authorize } from "./iam/provider";
import type { Functions } from "./lambda/provider";
import { readProject } from "./pulumi/project";

export interface Run extends Deployed {
  /** The URL at which DynamoDB listens. */
  dynamodb: string;
  /** Deploys the project as it is now. If that fails, what was deployed before goes on. */
  redeploy(): Promise<Deployed>;
  /** Ends everything that was made real. What is in the data folder stays. */
  close(): Promise<void>;
}

/** How long requests may take that a deployment finds under way: the gateway's 30 s, and a slow client. */
const RETIREMENT_MS = 60_000;

/**
 * Deploys a stack of a Pulumi project on this machine.
 *
 * @throws UserError when the project, the program or an option does not allow it
 */
export async function run(options: RunOptions): Promise<Run> {
  // The SDK would announce in the middle of the deployment when it drops this version of Node.js.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const { region } = readProject(options.folder, options.stack);
  let authorize: Authorize = () => undefined;
  const embedded = options.dynamodb
    ? undefined
    : await startDynamoDB(options.data, (...call) => authorize(...call), options.onFailure);
  const dynamodb = options.dynamodb ?? embedded?.endpoint ?? "";
  const tables = createTables(dynamodb, region);
  const ports = createPorts(options.port);

  let functions: Functions | undefined;
  const retiring = new Set<Functions>();
  /** Ends functions when what they are busy with is done, or when it has had its time. */
  async function retire(previous: Functions, answered: Promise<void>): Promise<void> {
    retiring.add(previous);
    // A timer that went on would keep the whole deployment in memory.
    const done = new AbortController();
    await Promise.race([
      answered.then(() => previous.retire()),
      wait(RETIREMENT_MS, undefined, { ref: false, signal: done.signal }),
    ]);
    done.abort();
    if (retiring.delete(previous)) await previous.close();
  }

  // One deployment at a time; the end of the run interrupts it.
  const closing = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
  let last: Promise<unknown> = Promise.resolve();
  function redeploy(): Promise<Deployed> {
    const next = last.then(async () => {
      const deployment = await deployProject({ ...options, signal }, { ports, tables, dynamodb });
      const { functions: started, answered, authorize: allowed, ...deployed } = deployment;
      authorize = allowed;
      // The functions of the deployment before have the debugger's ports.
      void (functions ? retire(functions, answered) : answered).then(() => started.startInspected());
      functions = started;
      return deployed;
    });
    last = next.catch(() => {});
    return next;
  }

  async function close(): Promise<void> {
    closing.abort();
    await last;
    ports.close();
    const open = [...retiring, ...(functions ? [functions] : [])];
    retiring.clear();
    await Promise.all(open.map((each) => each.close()));
    tables.close();
    await embedded?.close();
  }

  try {
    return { ...(await redeploy()), dynamodb, redeploy, close };
  } catch (error) {
    await close();
    throw error;
  }
}
