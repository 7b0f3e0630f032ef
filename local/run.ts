import { setTimeout as wait } from "node:timers/promises";
import { type AnsweredRequest, createApis } from "./apigateway/apis";
import type { Invoke } from "./apigateway/gateway";
import { createServers } from "./apigateway/servers";
import { startDynamoDB } from "./dynamodb/embedded";
import { createTables, OUTSIDER } from "./dynamodb/tables";
import { type Authorize, createIam, type Iam } from "./iam/iam";
import { createFunctions, type Functions } from "./lambda/functions";
import type { Outcome } from "./lambda/runtime";
import { notEmulated, standIns } from "./pulumi/emulated";
import type { UserError } from "./pulumi/errors";
import { deploy, type Outputs, type Patience } from "./pulumi/program";
import { readProject } from "./pulumi/project";
import type { Resource } from "./pulumi/resource";

export interface RunOptions extends Patience {
  /** The folder of the Pulumi project. */
  folder: string;
  stack: string;
  /** Where the API listens; 0 picks a free port. */
  port: number;
  /** A folder in which the tables outlive the run. Without it they end with the run. */
  data?: string;
  /** The URL of a DynamoDB to use instead of the embedded one. */
  dynamodb?: string;
  /** Called for each resource, in the order of creation. */
  onCreated?: (resource: Resource) => void;
  onRequest?: (request: AnsweredRequest) => void;
  /** Called when the run cannot go on: its data folder is gone, say. */
  onFailure?: (error: UserError) => void;
  /** Takes what functions write to their logs. */
  onLog?: (text: string) => void;
  /** Where a debugger can attach to the first function, the next port for the second; 0 picks free ones. */
  inspectPort?: number;
  /** Called with a function's name and the URL at which a debugger can attach to it. */
  onInspect?: (functionName: string, url: string) => void;
  /** Called for each invocation, with its event and what came of it. */
  onInvoke?: (event: object, outcome: Outcome) => void;
}

/** What a deployment has made. */
export interface Deployed {
  /** The stack's outputs. */
  outputs: Outputs;
  resources: Resource[];
  region: string;
  /** The URLs at which APIs listen. */
  endpoints: string[];
  /** What the program declares and the local run does not make real, in words. */
  notEmulated: string[];
}

export interface Run extends Deployed {
  /** The URL at which DynamoDB listens. */
  dynamodb: string;
  /** Deploys the project as it is now. If that fails, what was deployed before goes on. */
  redeploy(): Promise<Deployed>;
  /** Ends everything that was made real. What is in the data folder stays. */
  close(): Promise<void>;
}

/** As long as requests may take that a deployment finds under way: the gateway's 30 s, and a slow client. */
const RETIREMENT_MS = 60_000;

/**
 * Deploys a stack of a Pulumi project on this machine.
 *
 * @throws UserError when the project, the program or an option does not allow it
 */
export async function run(options: RunOptions): Promise<Run> {
  // The SDK would say in the middle of the deployment until when it supports this version of Node.js.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const { onCreated, onRequest = () => {}, onLog = () => {}, onInvoke, inspectPort, onInspect } = options;
  const { region } = readProject(options.folder, options.stack);
  // Of a deployment, everything is made anew but what has to outlive it: the tables and the open ports.
  let authorize: Authorize = () => undefined;
  let functions: Functions | undefined;
  const retiring = new Set<Functions>();
  const embedded = options.dynamodb
    ? undefined
    : await startDynamoDB(options.data, (...call) => authorize(...call), options.onFailure);
  const dynamodb = options.dynamodb ?? embedded?.endpoint ?? "";
  const tables = createTables(dynamodb, region);
  const servers = createServers(options.port);

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
    const next = last.then(deployAgain);
    last = next.catch(() => {});
    return next;
  }

  async function deployAgain(): Promise<Deployed> {
    const project = readProject(options.folder, options.stack);
    const iam = createIam();
    const assume: Iam["assume"] = (...caller) => {
      const accessKeyId = iam.assume(...caller);
      // DynamoDB Local shows tables to those only whose access key made them.
      return embedded ? accessKeyId : OUTSIDER;
    };
    const opening = servers.deployment();
    const next = createFunctions({
      folder: project.folder,
      region: project.region,
      dynamodb,
      assume,
      onLog,
      inspectPort,
      onInspect,
    });
    const invoke: Invoke = async (functionArn, event, sourceArn) => {
      const outcome = await next.invoke(functionArn, event, sourceArn);
      onInvoke?.(event, outcome);
      return outcome;
    };
    const apis = createApis({ servers: opening, invoke, onRequest, isInspected: inspectPort !== undefined });
    const provider = {
      ...standIns,
      ...iam.provider,
      ...tables.provider,
      ...next.provider,
      ...apis.provider,
    };
    const resources: Resource[] = [];
    try {
      const created = (resource: Resource) => {
        resources.push(resource);
        onCreated?.(resource);
      };
      const outputs = await deploy(project, provider, created, {}, { ...options, signal });
      apis.activate();
      const { answered } = opening.complete();
      authorize = iam.authorize;
      // Those of the deployment before have the debugger's ports.
      void (functions ? retire(functions, answered) : answered).then(() => next.startInspected());
      functions = next;
      const missing = options.dynamodb ? ["IAM (with --dynamodb)"] : [];
      return {
        outputs,
        resources,
        region: project.region,
        endpoints: servers.endpoints(),
        notEmulated: [...missing, ...notEmulated(resources)],
      };
    } catch (error) {
      opening.abandon();
      await next.close();
      throw error;
    }
  }

  async function close(): Promise<void> {
    closing.abort();
    await last;
    servers.close();
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
