// What Lambda refuses at a deployment: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html and, for
// the environment, https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html

import type { FunctionInputs } from "./environment";

/** The maximum size of an event or a result as JSON, in bytes. */
export const MAX_PAYLOAD = 6 * 1024 * 1024;

const RESERVED = new RegExp(
  `^(_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_(TASK_ROOT|RUNTIME_DIR)|AWS_(${[
    "DEFAULT_REGION|REGION|EXECUTION_ENV|ACCESS_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN",
    "LAMBDA_(FUNCTION_(NAME|MEMORY_SIZE|VERSION)|INITIALIZATION_TYPE|LOG_(GROUP|STREAM)_NAME|RUNTIME_API)",
  ].join("|")}))$`,
);

/** @throws Error that says what Lambda refuses, and what it accepts */
export function checkLimits(inputs: FunctionInputs): void {
  const { runtime = "", memorySize = 128, timeout = 3, environment, architectures = [] } = inputs;
  if (!/^nodejs(20|22|24|26)\.x$/.test(runtime)) {
    throw new Error(`the runtime "${runtime}" is not emulated; nodejs20.x, 22.x, 24.x and 26.x are`);
  }
  if (architectures.length > 1) throw new Error("it has several architectures; Lambda accepts one");
  checkRange("memorySize", memorySize, 128, 10_240);
  checkRange("timeout", timeout, 1, 900);
  const variables = environment?.variables ?? {};
  for (const name of Object.keys(variables)) {
    if (RESERVED.test(name)) throw new Error(`Lambda sets the environment variable ${name} itself`);
    if (!/^[A-Za-z]\w+$/.test(name)) {
      throw new Error(
        `Lambda refuses the environment variable "${name}": a name is a letter, then letters, digits or _`,
      );
    }
  }
  const bytes = Buffer.byteLength(JSON.stringify(variables));
  if (bytes > 4096) throw new Error(`its environment has ${bytes} bytes; Lambda accepts 4096`);
}

/** @throws Error that names the input and its range */
export function checkRange(input: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new Error(`its ${input} is ${value}, but must be a whole number from ${min} to ${max}`);
}
