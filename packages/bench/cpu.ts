// How much CPU time a visit takes, and what Lambda bills for it at each memory size.
//
//   npx ts-node bench/cpu.ts [ROUNDS]    (as root on Linux, it also measures under Lambda's limits; updates CPU.md and memory.svg)
//
// Each time, the deployed archive runs in a new process. It connects to DynamoDB under AWS's name, over TLS. DynamoDB's
// responses take RESPONSE_TIME.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { cpus, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type * as pulumi from "@pulumi/pulumi";
import { unpack } from "pulumi-aws-local";
import { evaluate } from "../../tests/support/evaluate";
import { connect, createTable } from "./contenders/contender";
import { startDynamoDB } from "./dynamodb";
import { createQuota, priceOf, quotaOf, shareOf } from "./lambda";
import { figure, quantile } from "./measure";
import { plotMemory } from "./memory";

const run = promisify(execFile);
/** Milliseconds between a request to DynamoDB and its response. */
const RESPONSE_TIME = 5;
const MEMORIES = [128, 256, 512, 1024, 1769];
/** Visits without pauses, and visits after a pause. */
const BUSY_VISITS = 1000;
const LONE_VISITS = 60;

/** Milliseconds that INIT or a visit takes. */
interface Step {
  wall: number;
  cpu: number;
}

/** Milliseconds per visit, and dollars per million visits. */
interface Spread {
  p50: number;
  p90: number;
  price: number;
}

/** Starts a TLS proxy to DynamoDB under AWS's name. Creating its certificate needs the command `openssl`. */
async function startTlsProxy(endpoint: string, folder: string) {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const name = "dynamodb.us-east-1.amazonaws.com";
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, ...subject];
  await run("openssl", ["req", ...options]);
  const agent = new Agent({ keepAlive: true });
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (incoming, response) => {
    const start = performance.now();
    const { method, headers, url } = incoming;
    const outgoing = request(endpoint + url, { method, headers, agent }, async (result) => {
      const body = Buffer.concat(await result.toArray());
      response.writeHead(result.statusCode ?? 502, result.headers);
      setTimeout(() => response.end(body), Math.max(0, RESPONSE_TIME - (performance.now() - start)));
    });
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { cert, server, port: (server.address() as AddressInfo).port };
}

/** Runs each variant of the function, given as environment variables, in turn. Returns the steps of each round by variant. */
async function measure(variants: Record<string, NodeJS.ProcessEnv>, rounds: number) {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const dynamodb = await startDynamoDB();
  await createTable(connect(dynamodb.endpoint), "cpu", "session-id");
  const tls = await startTlsProxy(dynamodb.endpoint, folder);
  const cwd = join(folder, "archive");
  const { inputs } = await evaluate();
  await unpack(inputs("aws:lambda/function:Function", "visit").code as pulumi.asset.Archive, cwd);

  const samples = new Map<string, Step[][]>(Object.keys(variants).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, settings] of Object.entries(variants)) {
      const env = {
        PATH: process.env.PATH,
        NODE_EXTRA_CA_CERTS: tls.cert,
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: "local",
        AWS_SECRET_ACCESS_KEY: "local",
        // As long as a role's.
        AWS_SESSION_TOKEN: "x".repeat(700),
        TABLE_NAME: "cpu",
        COOKIE_NAME: "sid",
        IDLE_SECONDS: "1800",
        ABSOLUTE_SECONDS: "43200",
        PORT: `${tls.port}`,
        ...settings,
      };
      const { stdout } = await run(process.execPath, [join(__dirname, "visitor.mjs")], { cwd, env });
      samples.get(name)?.push(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
    }
    console.error(`round ${round + 1} of ${rounds}`);
  }
  tls.server.closeAllConnections();
  tls.server.close();
  await dynamodb.close();
  rmSync(folder, { recursive: true });
  return (variant: string | number) => samples.get(`${variant}`) ?? [];
}

async function main(rounds: number): Promise<void> {
  const visits = { BUSY_VISITS: `${BUSY_VISITS}`, LONE_VISITS: `${LONE_VISITS}` };
  const quotas = MEMORIES.map((memory) => ({ memory, ...createQuota(memory) }));
  const variants = {
    "as deployed": visits,
    "without the call during INIT": { BUSY_VISITS: "2", SKIP_INIT: "1" },
    ...Object.fromEntries(
      quotas.flatMap(({ memory, folder }) => (folder ? [[memory, { ...visits, QUOTA: folder }]] : [])),
    ),
  };
  const samples = await measure(variants, rounds).finally(() => {
    for (const { remove } of quotas) remove?.();
  });

  /** The median over all rounds of what a step takes, or the mean step in a range. Step 0 is INIT. */
  const median = (variant: string | number, kind: keyof Step, from: number, to = from + 1) =>
    figure(samples(variant).map((steps) => mean(steps.slice(from, to).map((step) => step[kind])))).median;
  const cpuTimes = ["as deployed", "without the call during INIT"].map((variant) => {
    const first = [0, 1, 2].map((step) => median(variant, "cpu", step));
    const later = [
      median(variant, "cpu", BUSY_VISITS - 49, BUSY_VISITS + 1),
      median(variant, "cpu", BUSY_VISITS + 1, Infinity),
    ];
    return [variant, ...[...first, ...later].map((time) => (Number.isNaN(time) ? "" : ms(time)))];
  });
  const computed = MEMORIES.map((memory) => {
    const wall = (from: number, to?: number) =>
      RESPONSE_TIME + median("as deployed", "cpu", from, to) / shareOf(memory);
    const walls = [wall(1), wall(2), wall(BUSY_VISITS - 49, BUSY_VISITS + 1)] as const;
    return [`${memory}`, ...walls.map(ms), dollars(priceOf(memory, [walls[2]]))];
  });
  const measured = quotas
    .filter(({ folder }) => folder)
    .map(({ memory }) => {
      const walls = samples(memory).map((steps) => steps.map(({ wall }) => wall));
      const [alone, busy] = [[BUSY_VISITS + 1], [BUSY_VISITS / 2, BUSY_VISITS + 1]].map((range) => {
        const sorted = walls.flatMap((times) => times.slice(...range)).sort((a, b) => a - b);
        // The middle half, because the slowest visits waited for other processes on this machine.
        const middle = sorted.slice(sorted.length / 4, (sorted.length * 3) / 4);
        return { p50: quantile(sorted, 0.5), p90: quantile(sorted, 0.9), price: priceOf(memory, middle) };
      }) as [Spread, Spread];
      return { memory, first: median(memory, "wall", 1), second: median(memory, "wall", 2), alone, busy };
    });
  const rows = measured.map(({ memory, first, second, alone, busy }) => {
    const spreads = [alone, busy].flatMap(({ p50, p90, price }) => [ms(p50), ms(p90), dollars(price)]);
    return [`${memory}`, quotaOf(memory).toFixed(1), ms(first), ms(second), ...spreads];
  });

  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${platform()}, Node.js ${process.version}`;
  const report = [
    `${date}, ${machine}, medians of ${rounds} rounds. Milliseconds, and dollars for a million visits.`,
    "### CPU time",
    table(["", "INIT", "first visit", "second", "1,000th", "after a pause"], cpuTimes),
    "### Computed",
    table(["MB", "first visit", "second", "1,000th", "price"], computed),
    "### Measured under the limit",
    measured.length > 0
      ? table(
          ["MB", "of 20", "first visit", "second", "alone, p50", "p90", "price", "busy, p50", "p90", "price"],
          rows,
        )
      : "Not measured: this needs root on Linux.",
  ].join("\n\n");
  console.log(report);
  const page = join(__dirname, "CPU.md");
  const [before = ""] = readFileSync(page, "utf8").split("<!-- results -->");
  writeFileSync(page, `${before}<!-- results -->\n\n${report}\n`);
  if (measured.length === 0) return;
  const points = measured.map(({ memory, first, busy, alone }) => {
    return { memory, first, busy: busy.p50, alone: alone.p50, price: alone.price };
  });
  writeFileSync(join(__dirname, "memory.svg"), plotMemory(points));
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const ms = (value: number) => value.toFixed(value < 10 ? 1 : 0);
const dollars = (amount: number) => `$${amount.toFixed(2)}`;
const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

main(Number(process.argv[2] ?? 9));
