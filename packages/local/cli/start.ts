// The command line: npm start, or npx pulumi-aws-local.

import { constants } from "node:os";
import type { RunOptions } from "../run";
import { deploy, end, fail, showProblem, showRejection, showThrown } from "./deployments";
import { help, readOptions } from "./options";
import { createLogPrinter, paint, printCreated, printInvocation, printRequest } from "./output";
import { checkTypes } from "./types";
import { watch } from "./watch";

async function main(): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => end(128 + constants.signals[signal]));
  }
  process.on("unhandledRejection", showRejection).on("uncaughtException", showThrown);
  const { help: wantsHelp, watch: wantsWatch, verbose, logs, ...rest } = readOptions(process.argv.slice(2));
  if (wantsHelp) return console.log(help);
  // The developer's own settings for AWS stay out of the run.
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];

  console.log(`Deploying stack ${rest.stack} on this machine\n`);
  const folder = process.cwd();
  const options: RunOptions = {
    ...rest,
    folder,
    onWaiting: () => console.log(paint("yellow", "Still waiting for resources or promises ...")),
    onRequest: printRequest,
    onLog: createLogPrinter(logs),
    onInspect: (name, url) => console.log(`Attach a debugger to ${name} at ${url}`),
    onInvoke: verbose ? printInvocation : undefined,
  };
  if (wantsWatch) watch(folder, () => deploy(options));
  await deploy({ ...options, onCreated: printCreated });
  if (wantsWatch) console.log("Watching for changes.\n");
  checkTypes(folder, wantsWatch, showProblem);
}

main().catch(fail);
