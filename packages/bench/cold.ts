import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Archive, createArchives } from "./archives";
import { connect, createTable } from "./contenders/contender";
import { startDynamoDB } from "./dynamodb";
import { eachRound, type Figure, figure } from "./measure";

const run = promisify(execFile);

export interface ColdStart extends Archive {
  /** Milliseconds to load the handler with a cold and with a warm file cache, and from there to the first answer. */
  coldLoad: Figure;
  warmLoad: Figure;
  firstAnswer: Figure;
  /** The ratio to the default archive's load with a cold file cache, within a round. */
  ofDefault: Figure;
}

const script = `
  const start = performance.now();
  const { handler } = require(process.env.MAIN);
  const loaded = performance.now();
  const context = { awsRequestId: "request", getRemainingTimeInMillis: () => 10_000 };
  handler({}, context).then(({ statusCode }) => {
    if (statusCode !== 200) throw new Error("status " + statusCode);
    console.log(JSON.stringify({ load: loaded - start, answer: performance.now() - start }));
    process.exit();
  });`;

/** Loads the archives in turn, each in a new process. */
export async function measureColdStarts(rounds: number): Promise<ColdStart[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const dynamodb = await startDynamoDB();
  await createTable(connect(dynamodb.endpoint), "cold", "session-id");
  const archives = await createArchives(folder);
  const start = async ({ folder: cwd, main, nodePath }: Archive) => {
    const env = {
      MAIN: join(cwd, main),
      PATH: process.env.PATH,
      NODE_PATH: nodePath,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
      TABLE_NAME: "cold",
      COOKIE_NAME: "cookie-test",
      IDLE_SECONDS: "1800",
      ABSOLUTE_SECONDS: "43200",
    };
    const { stdout } = await run(process.execPath, ["-e", script], { cwd, env });
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { load: number; answer: number };
  };

  const samples = archives.map(() => ({
    cold: [] as number[],
    warm: [] as number[],
    answer: [] as number[],
  }));
  await eachRound(rounds, async () => {
    for (const [i, archive] of archives.entries()) {
      await forgetFiles(archive.nodePath ?? archive.folder);
      await forgetFiles(archive.folder);
      const cold = await start(archive);
      samples[i]?.cold.push(cold.load);
      samples[i]?.answer.push(cold.answer);
      samples[i]?.warm.push((await start(archive)).load);
    }
  });
  await dynamodb.close();
  rmSync(folder, { recursive: true });
  return archives.map((archive, i) => {
    const { cold = [], warm = [], answer = [] } = samples[i] ?? {};
    return {
      ...archive,
      coldLoad: figure(cold),
      warmLoad: figure(warm),
      firstAnswer: figure(answer),
      ofDefault: figure(cold.map((load, round) => load / (samples[1]?.cold[round] ?? 0))),
    };
  });
}

/** Removes a folder's files from the file cache. This needs GNU dd; without it, the cache stays warm. */
async function forgetFiles(folder: string): Promise<void> {
  await run("sync", []);
  const dd = 'for file; do dd if="$file" iflag=nocache count=0 status=none; done';
  await run("find", [folder, "-type", "f", "-exec", "sh", "-c", dd, "sh", "{}", "+"]).catch(() => {});
}
