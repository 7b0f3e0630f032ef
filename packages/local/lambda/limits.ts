// What Lambda refuses at a deployment: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html

import type { FunctionInputs } from "./environment";

/** The maximum size of an event or a result as JSON, in bytes. */
export const MAX_PAYLOAD = 6 * 1024 * 1024;

/** @throws Error that says what Lambda refuses, and what it accepts */
export function checkLimits(inputs: FunctionInputs): void {
  const { runtime = "", memorySize = 128, timeout = 3, architectures = [] } = inputs;
  if (!/^nodejs(20|22|24|26)\.x$/.test(runtime)) {
    throw new Error(`the runtime "${runtime}" is not emulated; nodejs20.x, 22.x, 24.x and 26.x are`);
  }
  if (architectures.length > 1) throw new Error("it has several architectures; Lambda accepts one");
  checkRange("memorySize", memorySize, 128, 10_240);
  checkRange("timeout", timeout, 1, 900);
}

/** @throws Error that names the input and its range */
export function checkRange(input: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new Error(`its ${input} is ${value}, but must be a whole number from ${min} to ${max}`);
}
