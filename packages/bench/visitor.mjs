// Runs a function in its own process: INIT, then visits one after another. Measures the wall and CPU time of each.
// cpu.ts starts it in the archive's folder.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as wait } from "node:timers/promises";
import tls from "node:tls";

const { PORT, QUOTA, SKIP_INIT, BUSY_VISITS, LONE_VISITS } = process.env;

// The SDK uses AWS's endpoint, as it does in Lambda. Only the connection goes elsewhere.
const { connect } = tls;
tls.connect = (options, ...rest) => connect({ ...options, host: "127.0.0.1", port: Number(PORT) }, ...rest);

const steps = [];
async function step(run) {
  const start = performance.now();
  const before = process.cpuUsage();
  const result = await run();
  const { user, system } = process.cpuUsage(before);
  steps.push({ wall: performance.now() - start, cpu: (user + system) / 1000 });
  return result;
}

console.info = () => {};
const entry = `${process.cwd()}/index.mjs`;
const { handler } = await step(() => (SKIP_INIT ? createRequire(entry)("./bundle.js") : import(entry)));
// Lambda limits the CPU from here on.
if (QUOTA) writeFileSync(`${QUOTA}/cgroup.procs`, `${process.pid}`);

let cookie;
async function visit() {
  const context = { awsRequestId: crypto.randomUUID(), getRemainingTimeInMillis: () => 10_000 };
  const response = await step(() => handler({ cookies: cookie && [cookie] }, context));
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
  cookie = response.cookies[0].split(";")[0];
}

for (let i = 0; i < Number(BUSY_VISITS); i++) await visit();
for (let i = 0; i < Number(LONE_VISITS); i++) {
  await wait(40 + 20 * Math.random());
  await visit();
}
console.log(JSON.stringify(steps));
process.exit();
