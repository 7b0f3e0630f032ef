import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as aws from "@pulumi/aws";
import { type Created, emulate, type Provider, type Resource } from "../pulumi/resource";
import { lendSdk, locateSources, unpack } from "./archive";
import { environmentOf, FUNCTION_INPUTS, type FunctionInputs } from "./environment";
import { failure, type Outcome } from "./instance";
import { createInstances, type Instances } from "./instances";
import { checkLimits, MAX_PAYLOAD } from "./limits";
import { createPermissions } from "./permissions";

export type Functions = ReturnType<typeof createFunctions>;

export interface FunctionsOptions {
  /** The project's folder, with the sources that archives were bundled from. */
  folder: string;
  region: string;
  dynamodb: string;
  /** Returns the credentials of a function's role: an access key id, or none if the role is not known. */
  assume(roleArn: string, functionArn: string): string | undefined;
  /** Called with what functions write to their logs. */
  onLog?: (text: string) => void;
  /** The first function's port for a debugger; the second function gets the next port. 0 picks free ones. */
  inspectPort?: number;
  /** Called with a function's name and its URL for a debugger. */
  onInspect?: (functionName: string, url: string) => void;
  /** Called for each invocation, with its event and outcome. */
  onInvoke?: (event: object, outcome: Outcome) => void;
}

/** Emulates Lambda functions: runs them from their archives, with the settings that the program declares. */
export function createFunctions(options: FunctionsOptions) {
  const { folder: project, region, dynamodb, assume, onLog = () => {}, inspectPort, onInspect } = options;
  const folder = mkdtempSync(join(tmpdir(), "functions-"));
  lendSdk(project, folder);
  const functions = new Map<string, Instances>();
  const inFlight = new Set<Promise<Outcome>>();
  const permissions = createPermissions();

  async function create({ physicalName, inputs, arn }: Resource<FunctionInputs>): Promise<Created> {
    const { code, role, runtime = "container images", memorySize = 128, timeout = 3 } = inputs;
    const functionArn = arn("lambda", `function:${physicalName}`);
    const invokeArn = `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
    const outputs = { arn: functionArn, invokeArn };
    const refuse = (variant: string): Created => {
      const message = `The local run doesn't emulate ${variant}.`;
      const serve = async () => failure("NotEmulated", message);
      functions.set(functionArn, { start() {}, serve, end: async () => {} });
      return { outputs, ignored: [` (${variant})`] };
    };
    if (!runtime.startsWith("nodejs")) return refuse(`functions in ${runtime}`);
    checkLimits(inputs);
    const taskRoot = join(folder, physicalName);
    const accessKeyId = assume(role, functionArn);
    if (!code || !(await unpack(code, taskRoot))) return refuse("code that is in S3 or in a packed archive");
    locateSources(taskRoot, project);
    const place = {
      // Without a role, it is allowed everything.
      AWS_ACCESS_KEY_ID: accessKeyId ?? "local",
      AWS_DEFAULT_REGION: region,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
      AWS_LAMBDA_FUNCTION_NAME: physicalName,
      AWS_REGION: region,
      LAMBDA_TASK_ROOT: taskRoot,
    };
    const instances = createInstances({
      functionArn,
      environment: environmentOf(inputs, place),
      memorySize,
      timeout,
      // The next function gets the next port.
      inspectPort: inspectPort && inspectPort + functions.size,
      onLog,
      onInspect: (url) => onInspect?.(physicalName, url),
    });
    functions.set(functionArn, instances);
    return {
      outputs,
      ignored: accessKeyId ? [] : [" with a role from elsewhere, which may do everything here"],
    };
  }

  async function invoke(functionArn: string, event: object, sourceArn: string): Promise<Outcome> {
    const instances = functions.get(functionArn);
    if (!instances) throw new Error(`there is no function ${functionArn}`);
    if (!permissions.allow(functionArn, sourceArn)) {
      const denial = `no aws.lambda.Permission lets API Gateway invoke the function for ${sourceArn}`;
      return failure("AccessDeniedException", denial);
    }
    const payload = JSON.stringify(event);
    if (Buffer.byteLength(payload) > MAX_PAYLOAD) {
      return failure("RequestEntityTooLargeException", `the event has more than ${MAX_PAYLOAD} bytes`);
    }
    const outcome = await instances.serve(payload);
    const length = "result" in outcome ? Buffer.byteLength(outcome.result) : 0;
    if (length <= MAX_PAYLOAD) return outcome;
    const excess = `size (${length} bytes) exceeded maximum allowed payload size (${MAX_PAYLOAD} bytes).`;
    return { ...outcome, ...failure("Function.ResponseSizeTooLarge", `Response payload ${excess}`) };
  }

  async function close(): Promise<void> {
    await Promise.all([...functions.values()].map((instances) => instances.end()));
    rmSync(folder, { recursive: true, force: true });
  }

  const provider: Provider = {
    "aws:lambda/function:Function": emulate<aws.lambda.FunctionArgs>()(FUNCTION_INPUTS, create),
    "aws:lambda/permission:Permission": permissions.create,
  };

  return {
    provider,
    /** Invokes a function; `sourceArn` is the route for which API Gateway invokes it. */
    async invoke(functionArn: string, event: object, sourceArn: string): Promise<Outcome> {
      const invocation = invoke(functionArn, event, sourceArn);
      inFlight.add(invocation);
      const outcome = await invocation.finally(() => inFlight.delete(invocation));
      options.onInvoke?.(event, outcome);
      return outcome;
    },
    /** Starts an instance of each function: no cold start for the first request, and a process to debug. */
    start(): void {
      for (const instances of functions.values()) instances.start();
    },
    /** Ends all instances, and with them their invocations. */
    close,
    /** Ends all instances once they have finished their invocations. */
    async retire(): Promise<void> {
      while (inFlight.size > 0) await Promise.allSettled(inFlight);
      await close();
    },
  };
}
