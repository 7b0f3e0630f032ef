// npm run e2e: deploys a temporary stack, tests it, and deletes it.

import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { LocalWorkspace, Stack } from "@pulumi/pulumi/automation";
import { runChecks } from "./checks";
import { connect } from "./client";
import { Failure, runCommand } from "./command";
import { arrive, expectVisit } from "./visitors";

const help = `Tests the program as a temporary stack with a random name: up, the checks of npm run verify, up again
without changes, up with other settings that keep the table, the URL and the sessions, destroy.

  npm run e2e -- [options]

  --settings NAME  use the settings in Pulumi.NAME.yaml (default: dev), except for the domain, alarm e-mails and
                   data protection
  --help           show this text

It takes about five minutes and costs well under a cent. Ctrl-C deletes what has been created so far.`;

/** Settings that affect things outside the stack, or that keep it from being deleted. */
const EXCLUDED = ["domainName", "hostedZoneId", "disableExecuteApiEndpoint", "alarmEmail", "protectData"];
const changes = { cookieName: "e2e-session", idleSeconds: "600" };

const options = { settings: { type: "string", default: "dev" } } as const;
const show = (text: string) => process.stdout.write(text);
const output = { onOutput: show, onError: show, suppressOutputs: true, suppressProgress: true };

runCommand("e2e", help, { options }, ({ values }) =>
  e2e(values.settings).catch((error) => Promise.reject(new Failure(explain(error)))),
);

async function e2e(settings: string): Promise<void> {
  // Only now, because it is slow to load.
  const { LocalWorkspace, Stack } = await import("@pulumi/pulumi/automation");
  const name = `e2e-${randomBytes(4).toString("hex")}`;
  const commands = `    pulumi destroy --yes --stack ${name}\n    pulumi stack rm --yes ${name}`;
  // The terminal's Ctrl-C also reaches the Pulumi CLI, which stops by itself.
  const interruption = new AbortController();
  process.on("SIGINT", () => interruption.abort(new Failure("Interrupted.")));

  const workspace = await LocalWorkspace.create({ workDir: process.cwd() });
  const selected = await workspace.stack();
  const config = await readSettings(workspace, settings);
  console.log(`If this process gets killed, delete its stack with:\n${commands}`);
  const stack = await Stack.create(name, workspace);
  let failure: unknown;
  try {
    // Some backends have written a key into the new stack's settings.
    const created = await workspace.stackSettings(name).catch(() => ({}));
    await workspace.saveStackSettings(name, { ...created, config });
    await test(stack, interruption.signal);
  } catch (error) {
    failure = error;
  } finally {
    console.log("\nDestroy");
    try {
      await stack.destroy(output);
      await workspace.removeStack(name);
    } catch (error) {
      console.error(`${explain(error)}\nStack ${name} may still exist. Delete it with:\n${commands}`);
      process.exitCode = 1;
    }
    // Creating a stack selects it, and removing one selects none.
    if (selected) await workspace.selectStack(selected.name);
  }
  // The CLI may have ended before this process noticed the signal, so this is only certain now.
  failure = interruption.signal.reason ?? failure;
  if (failure) throw failure;
}

async function test(stack: Stack, signal: AbortSignal): Promise<void> {
  async function up(title: string, expectNoChanges = false) {
    signal.throwIfAborted();
    console.log(`\n${title}`);
    const { outputs } = await stack.up({ ...output, expectNoChanges });
    return { url: String(outputs.url?.value), tableName: String(outputs.tableName?.value) };
  }
  const before = await up("Up");
  const client = await connectSoon(before.url, (await stack.getConfig("cookieName")).value, signal);
  const { token } = await arrive(client);
  console.log(`\nCheck ${before.url}`);
  await runChecks(client, signal);
  await up("Up again, expecting no changes", true);

  for (const [key, value] of Object.entries(changes)) await stack.setConfig(key, { value });
  const after = await up(`Up with ${JSON.stringify(changes)}, expecting the same table, URL and session`);
  assert.deepEqual(after, before, `the outputs changed to ${JSON.stringify(after)}`);
  const renamed = await connectSoon(after.url, changes.cookieName, signal);
  const visit = await renamed.visit(token);
  expectVisit(renamed, visit, token, 2);
  assert.match(visit.setCookie ?? "", new RegExp(`Max-Age=${changes.idleSeconds};`));
  console.log("\nAll steps passed.");
}

/** Waits up to 90 s for a new URL or a changed function to become available. */
async function connectSoon(url: string, cookieName: string, signal: AbortSignal) {
  for (let attempt = 1; attempt < 45 && !signal.aborted; attempt++) {
    const client = await connect(url, cookieName).catch(() => wait(2000));
    if (client) return client;
  }
  return connect(url, cookieName);
}

/** The settings in `Pulumi.<name>.yaml` that suit a temporary stack. */
async function readSettings(workspace: LocalWorkspace, name: string) {
  const { config = {} } = await workspace.stackSettings(name).catch(() => {
    throw new Failure(`There is no Pulumi.${name}.yaml. Pass another stack's name with --settings.`);
  });
  const isSuitable = ([key]: [string, unknown]) => !EXCLUDED.includes(key.split(":").pop() ?? "");
  return Object.fromEntries(Object.entries(config).filter(isSuitable));
}

/** What went wrong, without the CLI's whole output, which the Automation API puts into its errors. */
function explain(error: unknown): string {
  const { message } = error as Error;
  if (message.includes("spawn pulumi ENOENT"))
    return "The Pulumi CLI is not on the PATH. Install it: https://www.pulumi.com/docs/install/";
  if (/ACCESS_TOKEN must be set/.test(message)) return "The Pulumi CLI is not logged in. Run pulumi login.";
  const [, problem] = /error: (.+)/.exec(message) ?? /stderr: (.+)/.exec(message) ?? [];
  return problem ?? message;
}
