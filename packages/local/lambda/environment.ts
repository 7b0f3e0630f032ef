import { join } from "node:path";
import type * as aws from "@pulumi/aws";
import type { Inputs } from "../pulumi/resource";
import type { RuntimeData } from "./instance";

export const FUNCTION_INPUTS = [
  "code",
  "handler",
  "runtime",
  "role",
  "memorySize",
  "timeout",
  "environment",
  "loggingConfig",
] as const;

export type FunctionInputs = Inputs<aws.lambda.FunctionArgs, (typeof FUNCTION_INPUTS)[number]>;

export interface FunctionPlace {
  functionName: string;
  functionArn: string;
  region: string;
  /** The folder with the function's code. */
  taskRoot: string;
  accessKeyId: string;
  /** DynamoDB's URL. */
  dynamodb: string;
}

/**
 * What a function's runtime is started with, and its environment: the variables that the program declares and those that
 * Lambda adds. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function prepare(
  { handler = "", runtime, memorySize = 128, environment, loggingConfig }: FunctionInputs,
  { functionName, functionArn, region, taskRoot, accessKeyId, dynamodb }: FunctionPlace,
): { runtime: RuntimeData; environment: Record<string, string> } {
  const [file = "", handlerName = ""] = handler.split(".");
  const context = {
    functionName,
    functionVersion: "$LATEST",
    invokedFunctionArn: functionArn,
    memoryLimitInMB: `${memorySize}`,
    logGroupName: loggingConfig?.logGroup ?? `/aws/lambda/${functionName}`,
    logStreamName: "local",
  };
  const jsonLogs = loggingConfig?.logFormat === "JSON";
  return {
    runtime: { path: join(taskRoot, file), handlerName, jsonLogs, context },
    environment: {
      ...environment?.variables,
      _HANDLER: handler,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_DEFAULT_REGION: region,
      AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: context.memoryLimitInMB,
      AWS_LAMBDA_FUNCTION_NAME: functionName,
      AWS_LAMBDA_FUNCTION_VERSION: context.functionVersion,
      AWS_LAMBDA_LOG_GROUP_NAME: context.logGroupName,
      AWS_LAMBDA_LOG_STREAM_NAME: context.logStreamName,
      AWS_REGION: region,
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_SESSION_TOKEN: "local",
      LAMBDA_TASK_ROOT: taskRoot,
      LANG: "en_US.UTF-8",
      TZ: ":UTC",
      // In AWS the function runs on the Node.js that it declares, not on this machine's.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      // Keep the SDK from reading the developer's own settings.
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    },
  };
}
