import { type AnsweredRequest, createApis } from "./apis";
import { deploy, type Outputs, type Resource } from "./deployment";
import { startDynamoDB } from "./dynamodb";
import { notEmulated } from "./emulated";
import { createFunctions } from "./functions";
import { createIam } from "./iam";
import { network } from "./network";
import { readProject } from "./project";
import { createTables } from "./tables";

export interface RunOptions {
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
  /** Takes what functions write to their logs. */
  onLog?: (text: string) => void;
}

export interface Run {
  /** The stack's outputs. */
  outputs: Outputs;
  region: string;
  /** The URL at which DynamoDB listens. */
  dynamodb: string;
  /** What the program declares and the local run does not make real, in words. */
  notEmulated: string[];
  /** Ends everything that was made real. What is in the data folder stays. */
  close(): Promise<void>;
}

/**
 * Deploys a stack of a Pulumi project on this machine.
 *
 * @throws UserError when the project, the program or an option does not allow it
 */
export async function run(options: RunOptions): Promise<Run> {
  const { onCreated, onRequest = () => {}, onLog = () => {} } = options;
  const project = readProject(options.folder, options.stack);
  const iam = createIam();
  const embedded = options.dynamodb ? undefined : await startDynamoDB(options.data, iam.authorize);
  const dynamodb = options.dynamodb ?? embedded?.endpoint ?? "";
  const functions = createFunctions({ region: project.region, dynamodb, assume: iam.assume, onLog });
  const apis = createApis({ port: options.port, invoke: functions.invoke, onRequest });
  const tables = createTables(dynamodb);
  const close = async () => {
    await apis.close();
    await functions.close();
    tables.close();
    await embedded?.close();
  };
  const provider = {
    ...iam.provider,
    ...tables.provider,
    ...functions.provider,
    ...apis.provider,
    ...network,
  };
  const missing = options.dynamodb
    ? ["IAM policies (they are the business of the DynamoDB at --dynamodb)"]
    : [];
  try {
    const outputs = await deploy(project, provider, (resource) => {
      missing.push(...notEmulated(resource));
      onCreated?.(resource);
    });
    return { outputs, region: project.region, dynamodb, notEmulated: missing, close };
  } catch (error) {
    await close();
    throw error;
  }
}
