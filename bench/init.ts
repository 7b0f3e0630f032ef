// What a call during INIT is worth: CPU and wall time of a cold start and of the first visits, with the call and without.
//
//   npx ts-node bench/init.ts [ROUNDS]
//
// The deployed archive, in a process of its own each time, reaches DynamoDB through TLS as it does in AWS.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type * as pulumi from "@pulumi/pulumi";
import { unpack } from "pulumi-aws-local";
import { evaluate } from "../tests/support/evaluate";
import { connect, createTable } from "./contenders/contender";
import { startDynamoDB } from "./dynamodb";
import { figure } from "./measure";

const run = promisify(execFile);
const VISITS = 5;

/** A step's wall time and CPU time, in milliseconds. */
interface Step {
  wall: number;
  cpu: number;
}

const script = `
  import { createRequire } from "node:module";
  const steps = [];
  async function step(run) {
    const start = performance.now();
    const before = process.cpuUsage();
    const result = await run();
    const { user, system } = process.cpuUsage(before);
    steps.push({ wall: performance.now() - start, cpu: (user + system) / 1000 });
    return result;
  }
  const load = process.env.WITH_INIT
    ? () => import("./index.mjs")
    : () => createRequire(process.cwd() + "/index.mjs")("./bundle.js");
  const { handler } = await step(load);
  let cookie;
  for (let visit = 1; visit <= ${VISITS}; visit++) {
    const context = { awsRequestId: "request" + visit, getRemainingTimeInMillis: () => 10_000 };
    const { statusCode, cookies } = await step(() => handler({ cookies: cookie && [cookie] }, context));
    if (statusCode !== 200) throw new Error("status " + statusCode);
    cookie = cookies[0].split(";")[0];
  }
  console.log(JSON.stringify(steps));
  process.exit();`;

/** TLS in front of DynamoDB. The certificate needs the command `openssl`. */
async function startTls(endpoint: string, folder: string) {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  await run("openssl", [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    key,
    "-out",
    cert,
    ...subject,
  ]);
  const agent = new Agent({ keepAlive: true });
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (incoming, response) => {
    const { method, headers, url } = incoming;
    const outgoing = request(endpoint + url, { method, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { cert, server, url: `https://localhost:${(server.address() as AddressInfo).port}` };
}

async function main(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const dynamodb = await startDynamoDB();
  await createTable(connect(dynamodb.endpoint), "init", "session-id");
  const tls = await startTls(dynamodb.endpoint, folder);
  const cwd = join(folder, "archive");
  const { inputs } = await evaluate();
  await unpack(inputs("aws:lambda/function:Function", "visit").code as pulumi.asset.Archive, cwd);

  const samples = { without: [] as Step[][], with: [] as Step[][] };
  for (let round = 0; round < rounds; round++) {
    for (const way of ["without", "with"] as const) {
      const env = {
        PATH: process.env.PATH,
        NODE_EXTRA_CA_CERTS: tls.cert,
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: "local",
        AWS_SECRET_ACCESS_KEY: "local",
        AWS_ENDPOINT_URL_DYNAMODB: tls.url,
        TABLE_NAME: "init",
        COOKIE_NAME: "sid",
        IDLE_SECONDS: "1800",
        ABSOLUTE_SECONDS: "43200",
        ...(way === "with" && { WITH_INIT: "1" }),
      };
      const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd, env });
      samples[way].push(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
    }
  }
  tls.server.closeAllConnections();
  tls.server.close();
  await dynamodb.close();
  rmSync(folder, { recursive: true });

  const median = (way: "without" | "with", value: (steps: Step[]) => number) =>
    figure(samples[way].map(value)).median;
  const of = (step: number, kind: keyof Step) => (steps: Step[]) => steps[step]?.[kind] ?? Number.NaN;
  console.log(`Milliseconds, medians of ${rounds} rounds, Node.js ${process.version}: CPU (wall)`);
  for (const way of ["without", "with"] as const) {
    const cells = Array.from({ length: VISITS + 1 }, (_, step) => {
      const name = step ? `visit ${step}` : "INIT";
      return `${name} ${median(way, of(step, "cpu")).toFixed(1)} (${median(way, of(step, "wall")).toFixed(1)})`;
    });
    console.log(`  ${way.padEnd(8)} ${cells.join(", ")}`);
  }
  const ratio = (value: (steps: Step[]) => number) => median("with", value) / median("without", value);
  const both = (steps: Step[]) => of(0, "cpu")(steps) + of(1, "cpu")(steps);
  console.log(`First visit's CPU: ${ratio(of(1, "cpu")).toFixed(2)} of without (goal: 0.20)`);
  console.log(`INIT and first visit together: ${ratio(both).toFixed(2)} of without (goal: 1.10)`);
  // Lambda gives a function a share of a core in proportion to its memory, a whole one at 1,769 MB, but two during INIT:
  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
  for (const memory of [128, 256, 512]) {
    const wait = (way: "without" | "with") => (median(way, of(1, "cpu")) * 1769) / memory;
    console.log(
      `At ${memory} MB the first visitor waits for ${wait("without").toFixed(0)} ms of computing, with the call ${wait("with").toFixed(0)} ms (computed from the CPU time)`,
    );
  }
}

main(Number(process.argv[2] ?? 15));
