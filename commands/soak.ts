// npm run soak: sends visits for a while, despite faults, and checks every counter.

import { strict as assert } from "node:assert";
import { randomInt } from "node:crypto";
import { run, startDynamoDB } from "pulumi-aws-local";
import { type Fault, startFaultProxy } from "../tests/support/faultproxy";
import { copyProject } from "../tests/support/project";
import { connect } from "./client";
import { Failure, runCommand } from "./command";
import { visitInParallel } from "./visitors";

const help = `Sends visits to a local run while DynamoDB fails, and checks that each one is counted exactly once.

  npm run soak -- [options]

  --seconds N  how long to send visits (default: 60)
  --help       show this text`;

const faults: Fault[] = ["lose the response", "fail afterwards", "reset", "throttle", "respond late"];
const FAULTS_IN_1000 = 50;
/** How many sessions are in use at a time. */
const SESSIONS = 16;
/** For each session: the number of visits and of browsers, and the longest pause before a visit, in milliseconds. */
const USE = [50, 2, 400] as const;

const options = { seconds: { type: "string", default: "60" } } as const;

runCommand("soak", help, { options }, async ({ values: { seconds } }) => {
  if (!(Number(seconds) > 0)) throw new Failure(`--seconds takes a number above 0, not "${seconds}".`);
  const embedded = await startDynamoDB();
  const proxy = await startFaultProxy(process.env.DYNAMODB_ENDPOINT ?? embedded.endpoint);
  const local = await run({ folder: copyProject(), stack: "dev", port: 0, dynamodb: proxy.endpoint });
  const client = await connect(String(local.outputs.url), "cookie-test");
  proxy.nextFault = () => (randomInt(1000) < FAULTS_IN_1000 ? faults[randomInt(faults.length)] : undefined);
  const end = Date.now() + Number(seconds) * 1000;
  let [succeeded, failed] = [0, 0];
  async function useSessions(): Promise<void> {
    while (Date.now() < end) {
      const { token } = await client.visit();
      if (!token) continue;
      const tally = await visitInParallel(client, token, ...USE);
      succeeded += tally.succeeded;
      failed += tally.failed;
      assert.ok(tally.counted <= tally.succeeded + tally.failed, JSON.stringify(tally));
    }
  }
  const visits = Promise.all(Array.from({ length: SESSIONS }, useSessions)).finally(local.close);
  await visits.catch(({ message }: Error) => {
    throw new Failure(`A count is wrong: ${message}`);
  });
  // The SDK's retries recover from nearly all faults.
  if (failed > succeeded / 100) throw new Failure(`${failed} visits failed, ${succeeded} succeeded.`);
  console.log(`${succeeded} visits were each counted exactly once; ${failed} failed.`);
});
