import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { unpack } from "./archive";
import type { Created, Provider, Resource } from "./deployment";
import { createInstances, type Instances } from "./instances";
import type { Outcome } from "./runtime";

interface FunctionInputs {
  code: pulumi.asset.Archive;
  handler: string;
  runtime: string;
  /** In MB; Lambda's own default is 128. */
  memorySize?: number;
  /** In seconds; Lambda's own default is 3. */
  timeout?: number;
  environment?: { variables?: Record<string, string> };
  loggingConfig?: { logFormat?: string; logGroup?: string };
}

export interface Functions {
  provider: Provider;
  /** Invokes a function and waits for its outcome. */
  invoke(functionArn: string, event: object): Promise<Outcome>;
  close(): Promise<void>;
}

export interface FunctionsOptions {
  region: string;
  /** The URL at which functions find DynamoDB. */
  dynamodb: string;
  /** Takes what functions write to their logs. */
  onLog: (text: string) => void;
}

/** Makes `aws.lambda.Function`s real: from their archives, and with the settings they declare. */
export function createFunctions({ region, dynamodb, onLog }: FunctionsOptions): Functions {
  const folder = mkdtempSync(join(tmpdir(), "functions-"));
  const functions = new Map<string, Instances>();

  async function create({ physicalName, inputs, arn }: Resource<FunctionInputs>): Promise<Created> {
    const functionArn = arn("lambda", `function:${physicalName}`);
    const taskRoot = join(folder, physicalName);
    await unpack(inputs.code, taskRoot);

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
      AWS_ACCESS_KEY_ID: "local",
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
      // The SDK's own way to another endpoint: to the DynamoDB on this machine.
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    };
    const [file = "", handlerName = ""] = inputs.handler.split(".");
    const runtime = {
      path: join(taskRoot, file),
      handlerName,
      jsonLogs: loggingConfig?.logFormat === "JSON",
      context,
    };
    functions.set(functionArn, createInstances({ runtime, environment, memorySize, timeout, onLog }));
    return { outputs: { arn: functionArn, invokeArn: invokeArnOf(functionArn) } };
  }

  const invokeArnOf = (functionArn: string) =>
    `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${functionArn}/invocations`;

  return {
    provider: { "aws:lambda/function:Function": create },
    async invoke(functionArn, event) {
      const instances = functions.get(functionArn);
      if (!instances) throw new Error(`there is no function ${functionArn}`);
      return instances.invoke(JSON.stringify(event));
    },
    async close() {
      await Promise.all([...functions.values()].map((instances) => instances.end()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
