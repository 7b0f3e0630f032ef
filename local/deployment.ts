import type { InvokeFunction } from "./apigateway/answer";
import type { AnsweredRequest } from "./apigateway/listener";
import type { Ports } from "./apigateway/ports";
import { createApis } from "./apigateway/provider";
import { OUTSIDER, type Tables } from "./dynamodb/provider";
import { type Authorize, createIam, type Iam } from "./iam/provider";
import { createFunctions, type Functions } from "./lambda/provider";
import type { Outcome } from "./lambda/runtime";
import type { UserError } from "./pulumi/errors";
import { listIgnored, summarize } from "./pulumi/ignored";
import { deploy, type Outputs, type Patience } from "./pulumi/program";
import { readProject } from "./pulumi/project";
import type { Created, Provider, Resource } from "./pulumi/resource";
import { standIns } from "./pulumi/standins";

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

/** What outlives a deployment: the tables and the open ports. Everything else is made anew by the next. */
export interface Lasting {
  ports: Ports;
  tables: Tables;
  /** The URL at which DynamoDB listens. */
  dynamodb: string;
}

export interface Deployment extends Deployed {
  functions: Functions;
  authorize: Authorize;
  /** Resolves when the requests that the deployment before has begun with are answered. */
  answered: Promise<void>;
}

/**
 * Deploys a project as it is now. From then on, requests are answered by what was made.
 *
 * @throws UserError when the project or the program does not allow it; what was deployed before goes on
 */
export async function deployProject(
  options: RunOptions,
  { ports, tables, dynamodb }: Lasting,
): Promise<Deployment> {
  const { onCreated, onInvoke, inspectPort } = options;
  const project = readProject(options.folder, options.stack);
  const { folder, region } = project;
  const iam = createIam();
  const assume: Iam["assume"] = (...caller) => {
    const accessKeyId = iam.assume(...caller);
    // DynamoDB Local shows a table only to the access key that made it.
    return options.dynamodb ? OUTSIDER : accessKeyId;
  };
  const functions = createFunctions({ ...options, folder, region, dynamodb, assume });
  const invokeFunction: InvokeFunction = async (functionArn, event, sourceArn) => {
    const outcome = await functions.invoke(functionArn, event, sourceArn);
    onInvoke?.(event, outcome);
    return outcome;
  };
  const opening = ports.deployment();
  const isInspected = inspectPort !== undefined;
  const apis = createApis({ ports: opening, invokeFunction, onRequest: options.onRequest, isInspected });
  const provider: Provider = {
    ...standIns,
    ...iam.provider,
    ...tables.provider,
    ...functions.provider,
    ...apis.provider,
  };
  const resources: Resource[] = [];
  const ignored = options.dynamodb ? ["IAM (with --dynamodb)"] : [];
  const created = (resource: Resource, result: Created) => {
    resources.push(resource);
    ignored.push(...listIgnored(resource, result, provider));
    onCreated?.(resource);
  };
  try {
    const outputs = await deploy(project, provider, created, {}, options);
    apis.activate();
    const { answered } = opening.complete();
    const { authorize } = iam;
    const endpoints = ports.endpoints();
    const notEmulated = summarize(ignored);
    return { outputs, resources, region, endpoints, notEmulated, functions, authorize, answered };
  } catch (error) {
    opening.abandon();
    await functions.close();
    throw error;
  }
}
