import { inspect, styleText } from "node:util";
import type { AnsweredRequest } from "../apigateway/listener";
import type { Outcome } from "../lambda/instance";
import type { Resource } from "../pulumi/resource";
import type { Deployed } from "../run";

/** Colors a text, if it goes to a terminal. */
export const paint: typeof styleText = (format, text) =>
  process.stdout.isTTY && !process.env.NO_COLOR ? styleText(format, text) : text;

export function printCreated({ type, name }: Resource): void {
  console.log(` ${paint("green", "+")}  ${type.padEnd(47)} ${name}`);
}

/**
 * Prints the outputs that are of use here, how to look into the tables, and last the URLs.
 *
 * @param embedded the URL of the embedded DynamoDB
 */
export function printStack(deployed: Deployed, embedded: string | undefined, seconds: string): void {
  const { resources, endpoints, notEmulated } = deployed;
  const isUrl = (value: unknown) =>
    typeof value === "string" && endpoints.some((endpoint) => value.startsWith(endpoint));
  // Long texts and pages of AWS's console are of no use here.
  const outputs = Object.entries(deployed.outputs).filter(
    ([, value]) => value !== undefined && !isUrl(value) && !/\n|console\.aws\.amazon\.com/.test(`${value}`),
  );
  const width = Math.max(...outputs.map(([name]) => name.length));
  if (outputs.length > 0) console.log("\nOutputs:");
  for (const [name, value] of outputs) {
    console.log(`    ${name.padEnd(width)}: ${paint("cyan", `${JSON.stringify(value)}`)}`);
  }
  console.log(`\nResources:\n    + ${resources.length} created in ${seconds} s\n`);
  if (notEmulated.length > 0) console.log(paint("yellow", `not emulated: ${notEmulated.join(", ")}\n`));
  if (embedded)
    console.log(`To look into the tables: npx dynamodb-admin --host 127.0.0.1 --dynamo-endpoint ${embedded}`);
  console.log("Ctrl-C ends the run.");
  printUrls(deployed);
}

/** Prints, for each API, the outputs that are its URLs, or its address if there are none. */
export function printUrls({ outputs, endpoints }: Deployed): void {
  const values = Object.values(outputs).filter((value) => typeof value === "string");
  const urls = endpoints.flatMap((endpoint) => {
    const stages = values.filter((value) => value.startsWith(endpoint));
    return stages.length > 0 ? stages : `${endpoint}/`;
  });
  if (urls.length === 0)
    console.log("\nNothing can be called: the program declares no HTTP API that is emulated.");
  for (const url of new Set(urls)) console.log(`\n    ${paint(["bold", "cyan"], url)}`);
  console.log();
}

export function printRequest(request: AnsweredRequest): void {
  const { method, path, status, milliseconds, error, coldStart } = request;
  const time = new Date().toTimeString().slice(0, 8);
  const result = paint(status < 400 ? "green" : status < 500 ? "yellow" : "red", `${status}`);
  const details = [coldStart && "cold start", error].filter(Boolean).join(", ");
  console.log(
    `${time} ${method} ${path} ${result} ${milliseconds.toFixed(0)} ms${details ? ` (${details})` : ""}`,
  );
}

/** Shows everything that functions log, or only errors. */
export function createLogPrinter(logs: boolean): (text: string) => void {
  let isShown = true;
  return (text) => {
    for (const line of text.split(/(?<=\n)/)) {
      const level = /"level":"([A-Z]+)"/.exec(line)?.[1] ?? /^\S+\t\S+\t([A-Z]+)\t/.exec(line)?.[1];
      // A line without a level, as in a stack trace, belongs to the one before.
      if (level) isShown = level === "ERROR" || level === "FATAL";
      if (logs || isShown) process.stdout.write(paint("gray", line));
    }
  };
}

export function printInvocation(event: object, outcome: Outcome): void {
  const { coldStart, requestId, ...answer } = outcome;
  console.log(paint("gray", inspect({ requestId, event, ...answer }, { depth: null, breakLength: 110 })));
}
