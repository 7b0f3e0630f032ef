// npm run soak: sends visits for a while, despite faults and restarts, then compares every counter with the table.

import { randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { type Run, run, startDynamoDB } from "pulumi-aws-local";
import { readPage } from "../tests/support/browser";
import { type Fault, startFaultProxy } from "../tests/support/faultproxy";
import { copyProject } from "../tests/support/project";
import { connection } from "../tests/support/table";
import { explain, Failure } from "./errors";
import { parseOptions } from "./options";

const help = `Sends visits to a local run for a while, with DynamoDB failing and functions restarting, and then compares every
counter with the table.

  npm run soak -- [options]

  --seconds N   how long to send visits (default: 60)
  --requests N  stop after so many requests (default: 100000)
  --visitors N  how many visitors send requests in parallel (default: 32)
  --help        show this text`;

const faults: Fault[] = [
  "lose the response",
  "fail afterwards",
  "reset",
  "server error",
  "unavailable",
  "throttle",
  { delay: 50 },
  { delay: 1200 },
];
const FAULTS_IN_1000 = 50;
const RESTART_SECONDS = 10;
/** Two visitors share a session and make this many visits each. */
const VISITS = 25;
const MAX_PAUSE_MILLISECONDS = 400;

/** What the visitors of a session got. */
interface SessionLog {
  id: string;
  /** The counters in the responses. */
  counters: number[];
  /** Visits that got a 503. DynamoDB may have counted them anyway. */
  failed: number;
}

function readOptions() {
  const number = { type: "string" } as const;
  const { values } = parseOptions("soak", {
    options: { seconds: number, requests: number, visitors: number, help: { type: "boolean" } },
  });
  if (values.help) {
    console.log(help);
    process.exit();
  }
  const { seconds = "60", requests = "100000", visitors = "32" } = values;
  for (const [name, value] of Object.entries({ seconds, requests, visitors })) {
    if (!/^[1-9]\d*$/.test(value))
      throw new Failure(`--${name} must be a whole number above 0, not "${value}".`);
  }
  return { seconds: Number(seconds), requests: Number(requests), visitors: Number(visitors) };
}

async function soak({ seconds, requests, visitors }: ReturnType<typeof readOptions>): Promise<boolean> {
  const folder = copyProject();
  const embedded = await startDynamoDB();
  const endpoint = process.env.DYNAMODB_ENDPOINT ?? embedded.endpoint;
  const proxy = await startFaultProxy(endpoint);
  const logs: SessionLog[] = [];
  const total = { requests: 0, faults: 0, failed: 0, starts: 0, failedCreations: 0 };

  /** Restarts all function instances, without faults: deployments aren't what this tests. */
  async function start(): Promise<Run & { inFlight: number }> {
    proxy.nextFault = () => undefined;
    const started = await run({
      folder,
      stack: "dev",
      port: 0,
      dynamodb: proxy.endpoint,
    });
    proxy.nextFault = () => {
      if (randomInt(1000) >= FAULTS_IN_1000) return undefined;
      total.faults += 1;
      return faults[randomInt(faults.length)];
    };
    total.starts += 1;
    return { ...started, inFlight: 0 };
  }

  let current = await start();
  const end = Date.now() + seconds * 1000;
  const isOver = () => Date.now() >= end || total.requests >= requests;
  const tableName = String(current.outputs.tableName);
  const earlier = await readTable(endpoint, tableName);
  async function restart(): Promise<void> {
    while (!isOver()) {
      await wait(Math.min(RESTART_SECONDS * 1000, Math.max(0, end - Date.now())));
      const old = current;
      current = await start();
      while (old.inFlight > 0) await wait(10);
      await old.close();
    }
  }

  async function visit(id?: string): Promise<{ id: string; counter: number } | undefined> {
    total.requests += 1;
    const serving = current;
    serving.inFlight += 1;
    const response = await fetch(String(serving.outputs.url), {
      headers: id ? { cookie: `cookie-test=${id}` } : {},
    });
    const body = await response.text();
    serving.inFlight -= 1;
    const page = readPage(body);
    if (page.id) return page;
    if (response.status !== 503) throw new Error(`A visit got ${response.status}: ${body}`);
    total.failed += 1;
    return undefined;
  }

  async function shareSessions(): Promise<void> {
    while (!isOver()) {
      const first = await visit();
      if (!first) {
        total.failedCreations += 1;
        continue;
      }
      const log: SessionLog = { id: first.id, counters: [first.counter], failed: 0 };
      logs.push(log);
      const returnOften = async () => {
        for (let i = 0; i < VISITS && !isOver(); i++) {
          await wait(randomInt(MAX_PAUSE_MILLISECONDS));
          const again = await visit(log.id);
          if (!again) log.failed += 1;
          else if (again.id === log.id) log.counters.push(again.counter);
          else throw new Error("A live session was replaced.");
        }
      };
      await Promise.all([returnOften(), returnOften()]);
    }
  }

  await Promise.all([restart(), ...Array.from({ length: Math.ceil(visitors / 2) }, shareSessions)]);

  const stored = await readTable(endpoint, tableName);
  for (const id of earlier.keys()) stored.delete(id);
  const problems = audit(logs, stored, total.failedCreations);
  // The SDK's retries recover from nearly all faults.
  if (total.failed > total.requests / 100) problems.push("More than 1 % of the visits got a 503.");
  await current.close();
  proxy.close();
  await embedded.close();

  console.log(
    `${total.requests} visits to ${logs.length} sessions, ${total.faults} faults, ${total.starts} starts`,
  );
  console.log(`${total.failed} visits got a 503`);
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? "Every counter is correct." : "The soak test failed.");
  return problems.length === 0;
}

/** The counters in the table, by session id. */
async function readTable(endpoint: string, tableName: string): Promise<Map<string, number>> {
  const client = new DynamoDBClient(connection(endpoint));
  const stored = new Map<string, number>();
  for await (const { Items = [] } of paginateScan({ client }, { TableName: tableName })) {
    for (const item of Items) stored.set(item["session-id"]?.S ?? "", Number(item.counter?.N));
  }
  client.destroy();
  return stored;
}

/** Compares what visitors got with what is stored. */
function audit(logs: SessionLog[], stored: Map<string, number>, failedCreations: number): string[] {
  const problems: string[] = [];
  for (const { id, counters, failed } of logs) {
    const count = stored.get(id) ?? 0;
    const succeeded = new Set(counters).size;
    if (succeeded < counters.length)
      problems.push(`Session ${id}: two visits got the same counter: ${counters}.`);
    if (count < succeeded)
      problems.push(`Session ${id}: visits were lost: ${succeeded} succeeded, ${count} counted.`);
    if (count > succeeded + failed)
      problems.push(`Session ${id}: visits were counted twice: ${succeeded} succeeded, ${count} counted.`);
    stored.delete(id);
  }
  // A session may exist even though the visit that created it got a 503.
  if (stored.size > failedCreations)
    problems.push(
      `${stored.size} stored sessions have no visitor, but only ${failedCreations} visits failed to start one.`,
    );
  for (const count of stored.values())
    if (count !== 1) problems.push(`A session without a visitor has counter ${count}.`);
  return problems;
}

async function main() {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  process.exitCode = (await soak(readOptions())) ? 0 : 1;
}

main().catch((error: Error) => {
  console.error(explain(error));
  process.exit(1);
});
