import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as aws from "@pulumi/aws";
import type { Iam } from "../iam/provider";
import { type Created, emulate, type Provider, type Resource } from "../pulumi/resource";
import { locateSources, unpack } from "./archive";
import { FUNCTION_INPUTS, type FunctionInputs, prepare } from "./environment";
import { failure } from "./instance";
import { createInstances, type Instances } from "./instances";
import { checkLimits, MAX_PAYLOAD } from "./limits";
import { createPermissions } from "./permissions";
import type { Outcome } from "./runtime";

export interface Functions {
  provider: Provider;
  /** Invokes a function and waits for its outcome; `sourceArn` is what API Gateway invokes it for. */
  invoke(functionArn: string, event: object, sourceArn: string): Promise<Outcome>;
  /** Starts an instance of each function, for a debugger, if there is to be one. */
  startInspected(): void;
  /** Ends all instances, and with them the invocations that they are busy with. */
  close(): Promise<void>;
  /** Ends all instances when they are done with the invocations that they are busy with. */
  retire(): Promise<void>;
}

export interface FunctionsOptions {
  /** The project's, with the sources from which archives were bundled. */
  folder: string;
  region: string;
  /** The URL at which functions find DynamoDB. */
  dynamodb: string;
  /** Gives a function the credentials of its role. */
  assume: Iam["assume"];
  /** Takes what functions write to their logs. */
  onLog?: (text: string) => void;
  /** Where a debugger can attach to the first function, the next port for the second; 0 picks free ones. */
  inspectPort?: number;
  /** Called with a function's name and the URL at which a debugger can attach to it. */
  onInspect?: (functionName: string, url: string) => void;
}

/** Makes `aws.lambda.Function`s real: from their archives, and with the settings they declare. */
export function createFunctions(options: FunctionsOptions): Functions {
  const { folder: project, region, dynamodb, assume, onLog = () => {}, inspectPort, onInspect } = options;
  const folder = mkdtempSync(join(tmpdir(), "functions-"));
  const functions = new Map<string, Instances>();
  const inFlight = new Set<Promise<Outcome>>();
  const permissions = createPermissions(() => [...functions.keys()]);

  async function create({ physicalName, inputs, arn }: Resource<FunctionInputs>): Promise<Created> {
    checkLimits(inputs);
    const { code, role, memorySize = 128, timeout = 3 } = inputs;
    if (!code) throw new Error("a function without code is not emulated");
    const functionArn = arn("lambda", `function:${physicalName}`);
    const taskRoot = join(folder, physicalName);
    const accessKeyId = assume(role, functionArn);
    await unpack(code, taskRoot);
    locateSources(taskRoot, project);
    const { runtime, environment } = prepare(inputs, {
      functionName: physicalName,
      functionArn,
      memorySize,
      region,
      taskRoot,
      accessKeyId,
      dynamodb,
    });
    const instances = createInstances({
      runtime: { ...runtime, inspectPort: inspectPort && inspectPort + functions.size },
      environment,
      memorySize,
      timeout,
      onLog,
      onInspect: (url) => onInspect?.(physicalName, url),
    });
    functions.set(functionArn, instances);
    const invokeArn = `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
    return { outputs: { arn: functionArn, invokeArn } };
  }

  const provider: Provider = {
    "aws:lambda/function:Function": emulate<aws.lambda.FunctionArgs>()(
      // There is one version here, on this machine's processor.
      [...FUNCTION_INPUTS, "publish", "architectures"],
      create,
    ),
    "aws:lambda/permission:Permission": permissions.create,
  };

  async function close(): Promise<void> {
    await Promise.all([...functions.values()].map((instances) => instances.end()));
    rmSync(folder, { recursive: true, force: true });
  }

  return {
    provider,
    async invoke(functionArn, event, sourceArn) {
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
      const invocation = instances.serve(payload);
      inFlight.add(invocation);
      try {
        const outcome = await invocation;
        const { length } = "result" in outcome ? Buffer.from(outcome.result) : "";
        if (length <= MAX_PAYLOAD) return outcome;
        const tooLarge = `Response payload size (${length} bytes) exceeded maximum allowed payload size (${MAX_PAYLOAD} bytes).`;
        return { ...outcome, ...failure("Function.ResponseSizeTooLarge", tooLarge) };
      } finally {
        inFlight.delete(invocation);
      }
    },
    startInspected() {
      if (inspectPort !== undefined) for (const instances of functions.values()) instances.start();
    },
    close,
    async retire() {
      while (inFlight.size > 0) await Promise.allSettled(inFlight);
      await close();
    },
  };
}
