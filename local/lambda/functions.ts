import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { fits, type Iam } from "../iam/iam";
import type { Created, Provider, Resource } from "../pulumi/resource";
import { locateSources, unpack } from "./archive";
import { createInstances, failure, type Instances } from "./instances";
import { checkLimits, MAX_PAYLOAD } from "./limits";
import type { Outcome } from "./runtime";

interface FunctionInputs {
  code: pulumi.asset.Archive;
  handler: string;
  runtime: string;
  /** The ARN of its role. */
  role: string;
  /** In MB; Lambda's own default is 128. */
  memorySize?: number;
  /** In seconds; Lambda's own default is 3. */
  timeout?: number;
  environment?: { variables?: Record<string, string> };
  loggingConfig?: { logFormat?: string; logGroup?: string };
}

interface PermissionInputs {
  action: string;
  /** A name or an ARN. */
  function: string;
  principal: string;
  sourceArn?: string;
}

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
  /** The project's, in which the sources are from which archives were bundled. */
  folder: string;
  region: string;
  /** The URL at which functions find DynamoDB. */
  dynamodb: string;
  /** Gives a function the credentials of its role. */
  assume: Iam["assume"];
  /** Takes what functions write to their logs. */
  onLog: (text: string) => void;
  /** Where a debugger can attach to the first function, the next port for the second; 0 picks free ones. */
  inspectPort?: number;
  /** Called with a function's name and the URL at which a debugger can attach to it. */
  onInspect?: (functionName: string, url: string) => void;
}

/** Makes `aws.lambda.Function`s real: from their archives, and with the settings they declare. */
export function createFunctions(options: FunctionsOptions): Functions {
  const { folder: project, region, dynamodb, assume, onLog, inspectPort, onInspect } = options;
  const folder = mkdtempSync(join(tmpdir(), "functions-"));
  const functions = new Map<string, Instances>();
  const inFlight = new Set<Promise<Outcome>>();
  const permissions: PermissionInputs[] = [];

  async function create({ physicalName, inputs, arn }: Resource<FunctionInputs>): Promise<Created> {
    checkLimits(inputs);
    const functionArn = arn("lambda", `function:${physicalName}`);
    const taskRoot = join(folder, physicalName);
    const accessKeyId = assume(inputs.role, functionArn);
    await unpack(inputs.code, taskRoot);
    locateSources(taskRoot, project);

    const { memorySize = 128, timeout = 3, loggingConfig } = inputs;
    const context = {
      functionName: physicalName,
      functionVersion: "$LATEST",
      invokedFunctionArn: functionArn,
      memoryLimitInMB: `${memorySize}`,
      logGroupName: loggingConfig?.logGroup ?? `/aws/lambda/${physicalName}`,
      logStreamName: "local",
    };
    const environment = {
      ...inputs.environment?.variables,
      // What Lambda itself sets: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
      _HANDLER: inputs.handler,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_DEFAULT_REGION: region,
      AWS_EXECUTION_ENV: `AWS_Lambda_${inputs.runtime}`,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: context.memoryLimitInMB,
      AWS_LAMBDA_FUNCTION_NAME: context.functionName,
      AWS_LAMBDA_FUNCTION_VERSION: context.functionVersion,
      AWS_LAMBDA_LOG_GROUP_NAME: context.logGroupName,
      AWS_LAMBDA_LOG_STREAM_NAME: context.logStreamName,
      AWS_REGION: region,
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_SESSION_TOKEN: "local",
      LAMBDA_TASK_ROOT: taskRoot,
      LANG: "en_US.UTF-8",
      TZ: ":UTC",
      // The function would not run on the Node.js of this machine but on the one it declares.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      // The developer's settings for AWS, which a thread would find in their home folder.
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      // The SDK's own way to another endpoint: to the DynamoDB on this machine.
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    };
    const [file = "", handlerName = ""] = inputs.handler.split(".");
    const runtime = {
      path: join(taskRoot, file),
      handlerName,
      inspectPort: inspectPort && inspectPort + functions.size,
      jsonLogs: loggingConfig?.logFormat === "JSON",
      context,
    };
    functions.set(
      functionArn,
      createInstances({
        runtime,
        environment,
        memorySize,
        timeout,
        onLog,
        onInspect: (url) => onInspect?.(physicalName, url),
      }),
    );
    return { outputs: { arn: functionArn, invokeArn: invokeArnOf(functionArn) } };
  }

  /** Whether API Gateway may invoke the function, as its resource-based policy says. */
  const isPermitted = (functionArn: string, sourceArn: string) =>
    permissions.some(
      (permission) =>
        [functionArn, functionArn.split(":").pop()].includes(permission.function) &&
        fits(permission.action, "lambda:InvokeFunction") &&
        permission.principal === "apigateway.amazonaws.com" &&
        fits(permission.sourceArn ?? "*", sourceArn),
    );

  async function close(): Promise<void> {
    await Promise.all([...functions.values()].map((instances) => instances.end()));
    rmSync(folder, { recursive: true, force: true });
  }

  const invokeArnOf = (functionArn: string) =>
    `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${functionArn}/invocations`;

  return {
    provider: {
      "aws:lambda/function:Function": create,
      "aws:lambda/permission:Permission": ({ inputs }: Resource<PermissionInputs>) => {
        const known = [...functions.keys()].flatMap((arn) => [arn, arn.split(":").pop()]);
        if (!known.includes(inputs.function)) throw new Error(`there is no function ${inputs.function}`);
        permissions.push(inputs);
        return {};
      },
    },
    async invoke(functionArn, event, sourceArn) {
      const instances = functions.get(functionArn);
      if (!instances) throw new Error(`there is no function ${functionArn}`);
      if (!isPermitted(functionArn, sourceArn)) {
        const denial = `no aws.lambda.Permission lets API Gateway invoke the function for ${sourceArn}`;
        return failure("AccessDeniedException", denial);
      }
      const payload = JSON.stringify(event);
      if (Buffer.byteLength(payload) > MAX_PAYLOAD) {
        return failure("RequestEntityTooLargeException", `the event has more than ${MAX_PAYLOAD} bytes`);
      }
      const invocation = instances.invoke(payload);
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
