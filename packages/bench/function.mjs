// Runs a function in its own process, as Lambda does: INIT, then the requests that functions.ts sends.

import { setTimeout as wait } from "node:timers/promises";

console.info = () => {}; // the function's log

async function measure(run) {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const result = await run();
  const { user, system } = process.cpuUsage(before);
  return { ...result, milliseconds: performance.now() - start, cpu: (user + system) / 1000 };
}

const { handler, ...init } = await measure(() => import(`${process.cwd()}/index.mjs`));
process.send(init);

/** Resolves to the page, the visitor's cookie from now on, and Lambda's duration. */
async function visit(path, cookie) {
  const [rawPath, rawQueryString = ""] = path.split("?");
  const event = {
    version: "2.0",
    routeKey: `GET ${rawPath}`,
    rawPath,
    rawQueryString,
    headers: {},
    requestContext: { http: { method: "GET", path: rawPath } },
    ...(cookie && { cookies: [cookie] }),
  };
  const context = { awsRequestId: crypto.randomUUID(), getRemainingTimeInMillis: () => 10_000 };
  const start = performance.now();
  const { statusCode, cookies, headers, body } = await handler(event, context);
  const duration = performance.now() - start;
  if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${body}`);
  const set = cookies?.[0] ?? headers?.["set-cookie"] ?? headers?.["Set-Cookie"];
  return { body, duration, cookie: set ? set.split(";")[0] : cookie };
}

/** The visitors, given by their cookies, request the pages by turns, at once or after a pause. */
async function visitAll({ visitors, pages, parallel = 1, pause }) {
  const [durations, bodies, cookies] = [[], [], [...visitors]];
  let next = 0;
  const requestPages = async () => {
    while (next < pages.length) {
      const page = next++;
      const visitor = page % visitors.length;
      if (pause) await wait(pause * (1 + Math.random()));
      const answer = await visit(pages[page], cookies[visitor]);
      durations.push(answer.duration);
      bodies.push(answer.body);
      cookies[visitor] = answer.cookie;
    }
  };
  await Promise.all(Array.from({ length: parallel }, requestPages));
  return { durations, bodies, visitors: cookies };
}

process.on("message", async (requests) => {
  const answers = await measure(() => visitAll(requests)).catch(({ message }) => {
    console.error(message); // Node.js would print the whole bundle.
    process.exit(1);
  });
  process.send(answers);
});
