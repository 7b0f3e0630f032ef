// npm run soak: visitors, faults and restarts for a while, and at the end an audit of every count.

import { randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { type Run, run, startDynamoDB } from "pulumi-aws-local";
import { readPage } from "../tests/support/browser";
import { type Fault, startFaultProxy } from "../tests/support/faults";
import { copyProject } from "../tests/support/project";
import { connection } from "../tests/support/table";

const faults: Fault[] = [
  "lose the answer",
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
/** Two visitors at a time share a session, for this many visits each. */
const VISITS = 25;
const LONGEST_PAUSE_MILLISECONDS = 400;

/** What the visitors of a session have seen. */
interface Seen {
  id: string;
  /** The counts in the answers. */
  counters: number[];
  /** Visits that were answered 503. DynamoDB may have counted them all the same. */
  unanswered: number;
}

function readOptions() {
  const number = { type: "string" } as const;
  const { values } = parseArgs({
    options: { seconds: number, requests: number, visitors: number, help: { type: "boolean" } },
  });
  if (values.help) {
    console.log("npm run soak -- [--seconds 60] [--requests 100000] [--visitors 32]");
    process.exit();
  }
  const { seconds = "60", requests = "100000", visitors = "32" } = values;
  for (const [name, value] of Object.entries({ seconds, requests, visitors })) {
    if (!/^[1-9]\d*$/.test(value)) throw new Error(`--${name} takes a whole number above 0, not "${value}"`);
  }
  return { seconds: Number(seconds), requests: Number(requests), visitors: Number(visitors) };
}

async function soak({ seconds, requests, visitors }: ReturnType<typeof readOptions>): Promise<boolean> {
  const folder = copyProject();
  const embedded = await startDynamoDB();
  const endpoint = process.env.DYNAMODB_ENDPOINT ?? embedded.endpoint;
  const proxy = await startFaultProxy(endpoint);
  const all: Seen[] = [];
  const total = { requests: 0, faults: 0, unanswered: 0, starts: 0, failedCreations: 0 };
  const end = Date.now() + seconds * 1000;
  const isOver = () => Date.now() >= end || total.requests >= requests;

  /** Starts all function instances anew. Meanwhile no fault happens: a deployment is not what is tested. */
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
    if (response.status !== 503) throw new Error(`answered ${response.status}: ${body}`);
    total.unanswered += 1;
    return undefined;
  }

  async function shareSessions(): Promise<void> {
    while (!isOver()) {
      const first = await visit();
      if (!first) {
        total.failedCreations += 1;
        continue;
      }
      const seen: Seen = { id: first.id, counters: [first.counter], unanswered: 0 };
      all.push(seen);
      const comeBack = async () => {
        for (let i = 0; i < VISITS && !isOver(); i++) {
          await wait(randomInt(LONGEST_PAUSE_MILLISECONDS));
          const again = await visit(seen.id);
          if (!again) seen.unanswered += 1;
          else if (again.id === seen.id) seen.counters.push(again.counter);
          else throw new Error("a live session was replaced");
        }
      };
      await Promise.all([comeBack(), comeBack()]);
    }
  }

  await Promise.all([restart(), ...Array.from({ length: Math.ceil(visitors / 2) }, shareSessions)]);

  const stored = await readTable(endpoint, tableName);
  for (const id of earlier.keys()) stored.delete(id);
  const problems = audit(all, stored, total.failedCreations);
  // Of these faults the SDK's retries make good nearly all.
  if (total.unanswered > total.requests / 100) problems.push("more than 1 % of the visits were answered 503");
  await current.close();
  proxy.close();
  await embedded.close();

  console.log(
    `${total.requests} visits of ${all.length} sessions, ${total.faults} faults, ${total.starts} starts`,
  );
  console.log(`${total.unanswered} visits were answered 503`);
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? "Every count is right." : "There is something wrong.");
  return problems.length === 0;
}

/** The counts in the table, by session id. */
async function readTable(endpoint: string, tableName: string): Promise<Map<string, number>> {
  const client = new DynamoDBClient(connection(endpoint));
  const stored = new Map<string, number>();
  for await (const { Items = [] } of paginateScan({ client }, { TableName: tableName })) {
    for (const item of Items) stored.set(item["session-id"]?.S ?? "", Number(item.counter?.N));
  }
  client.destroy();
  return stored;
}

/** Holds what visitors have seen against what is stored. */
function audit(all: Seen[], stored: Map<string, number>, failedCreations: number): string[] {
  const problems: string[] = [];
  for (const { id, counters, unanswered } of all) {
    const count = stored.get(id) ?? 0;
    const answered = new Set(counters).size;
    if (answered < counters.length) problems.push(`two visits got the same count: ${counters}`);
    if (count < answered) problems.push(`visits were lost: ${answered} answered, ${count} counted`);
    if (count > answered + unanswered)
      problems.push(`visits counted double: ${answered} answered, ${count} counted`);
    stored.delete(id);
  }
  // A session whose creation was answered 503 may exist without a visitor.
  if (stored.size > failedCreations)
    problems.push(`${stored.size} sessions are unknown, ${failedCreations} may be`);
  for (const count of stored.values())
    if (count !== 1) problems.push(`a session without a visitor has ${count}`);
  return problems;
}

async function main() {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  process.exitCode = (await soak(readOptions())) ? 0 : 1;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
