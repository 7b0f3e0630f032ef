import type * as aws from "@pulumi/aws";
import type { Inputs } from "../pulumi/resource";

export const FUNCTION_INPUTS = [
  "code",
  "handler",
  "runtime",
  "role",
  "memorySize",
  "timeout",
  "environment",
  "loggingConfig",
  "architectures",
  // There is only one version here.
  "publish",
] as const;

export type FunctionInputs = Inputs<aws.lambda.FunctionArgs, (typeof FUNCTION_INPUTS)[number]>;

/**
 * A function's environment: the variables that the program declares and those that Lambda adds.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 *
 * @param place those of Lambda's that say where the function runs, and as whom
 */
export function environmentOf(
  { handler = "", runtime, memorySize = 128, environment, loggingConfig }: FunctionInputs,
  place: Record<string, string>,
): Record<string, string> {
  const { logFormat, applicationLogLevel = "INFO", logGroup } = loggingConfig ?? {};
  return {
    // Lambda has these only for JSON logs.
    ...(logFormat === "JSON" && {
      AWS_LAMBDA_LOG_FORMAT: logFormat,
      AWS_LAMBDA_LOG_LEVEL: applicationLogLevel,
    }),
    LANG: "en_US.UTF-8",
    PATH: "/usr/local/bin:/usr/bin:/bin",
    TZ: ":UTC",
    ...environment?.variables,
    _HANDLER: handler,
    AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: `${memorySize}`,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: logGroup ?? `/aws/lambda/${place.AWS_LAMBDA_FUNCTION_NAME}`,
    AWS_LAMBDA_LOG_STREAM_NAME: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_SESSION_TOKEN: "local",
    // On AWS, the function runs on the Node.js version that it declares, not on this machine's.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    // Keep the SDK from reading the developer's own settings.
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    ...place,
  };
}
