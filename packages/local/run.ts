// Before anything loads Pulumi.
import "./pulumi/packages";

import type { AnsweredRequest } from "./apigateway/listener";
import { createApis } from "./apigateway/provider";
import { createServers, type Listener } from "./apigateway/servers";
import { startDynamoDB } from "./dynamodb/embedded";
import { createTables, OUTSIDER } from "./dynamodb/provider";
import { type Authorize, createIam } from "./iam/provider";
import { createFunctions, type Functions, type FunctionsOptions } from "./lambda/provider";
import { type DeployOptions, deploy, type Outputs } from "./pulumi/program";
import { readProject } from "./pulumi/project";
import type { Provider, Resource } from "./pulumi/resource";
import { standIns } from "./pulumi/standins";

type InvocationOptions = Pick<FunctionsOptions, "onLog" | "inspectPort" | "onInspect" | "onInvoke">;

export interface RunOptions extends DeployOptions, InvocationOptions {
  /** The folder of the Pulumi project. */
  folder: string;
  stack: string;
  /** The port of the API that is declared first; 0 picks a free port. */
  port: number;
  /** A folder that keeps the tables. Without it they end with the run. */
  data?: string;
  /** The URL of a DynamoDB to use instead of the embedded one. */
  dynamodb?: string;
  onRequest?: (request: AnsweredRequest) => void;
}

export interface Deployed {
  /** The stack's outputs. */
  outputs: Outputs;
  resources: Resource[];
  /** The URLs of the APIs, in the order of their declaration. */
  endpoints: string[];
  /** What the program declares but the local run doesn't emulate, in words. */
  notEmulated: string[];
}

export interface Run extends Deployed {
  /** The URL of DynamoDB. */
  dynamodb: string;
  /** Deploys the project as it is now, once at a time. Until that succeeds, the previous deployment keeps running. */
  redeploy(signal?: AbortSignal): Promise<Deployed>;
  /** Ends the run. A data folder stays. */
  close(): Promise<void>;
}

/**
 * Deploys a stack of a Pulumi project on this machine.
 *
 * @throws UserError when the project, the program or an option is wrong
 */
export async function run(options: RunOptions): Promise<Run> {
  // These outlive a deployment; everything else is created anew by the next.
  let authorize: Authorize = () => undefined;
  const embedded = options.dynamodb
    ? undefined
    : await startDynamoDB(options.data, (...call) => authorize(...call));
  const dynamodb = options.dynamodb ?? embedded?.endpoint ?? "";
  const servers = createServers(options.port);

  let listeners: Listener[] = [];
  let current: Functions | undefined;
  /** The functions of this deployment, and of previous ones that still have invocations to finish. */
  const running = new Set<Functions>();

  async function redeploy(signal?: AbortSignal): Promise<Deployed> {
    const project = readProject(options.folder, options.stack);
    const { region } = project;
    const iam = createIam();
    // DynamoDB Local keeps separate tables for each access key.
    const assume = options.dynamodb ? () => OUTSIDER : iam.assume;
    const functions = createFunctions({ ...options, region, dynamodb, assume });
    const apis = createApis({ ...options, servers, invoke: functions.invoke });
    const provider: Provider = {
      ...standIns(region),
      ...iam.provider,
      ...createTables(dynamodb, region),
      ...functions.provider,
      ...apis.provider,
    };
    const resources: Resource[] = [];
    const onCreated = (resource: Resource) => {
      resources.push(resource);
      if (!current) options.onCreated?.(resource);
    };
    running.add(functions);
    try {
      const { outputs, ignored } = await deploy(project, provider, { ...options, onCreated, signal });
      if (options.dynamodb) ignored.push("IAM (with --dynamodb)");
      listeners = apis.listeners();
      await servers.serve(listeners);
      authorize = iam.authorize;
      const previous = current;
      current = functions;
      const retired = previous?.retire().then(() => running.delete(previous));
      // The debugger's ports are only free once the previous functions have ended.
      void Promise.resolve(retired).then(functions.start);
      return { outputs, resources, endpoints: apis.endpoints(), notEmulated: [...new Set(ignored)].sort() };
    } catch (error) {
      await servers.serve(listeners);
      running.delete(functions);
      await functions.close();
      throw error;
    }
  }

  async function close(): Promise<void> {
    await servers.serve([]);
    await Promise.all([...running].map((functions) => functions.close()));
    await embedded?.close();
  }

  try {
    return { ...(await redeploy(options.signal)), dynamodb, redeploy, close };
  } catch (error) {
    await close();
    throw error;
  }
}
