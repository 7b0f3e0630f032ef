import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "./dynamodb";
import { eachRound, type Figure, figure } from "./measure";

export interface ProgramTime {
  name: string;
  seconds: Figure;
}

const project = join(__dirname, "../..");

/** Times how long the program takes to start, each time in a new process. */
export async function measureProgram(rounds: number): Promise<ProgramTime[]> {
  const evaluate = `require("./tests/support/evaluate").evaluate().then(() => process.exit())`;
  const measurements: [string, () => Promise<number>][] = [
    ["evaluation of index.ts under mocks", () => evaluation(["-r", "ts-node/register", "-e", evaluate])],
    ["npm start, to the first answer", () => firstAnswer("npm", ["start", "--", "--port"], project)],
    [
      "@architect/sandbox, to the first answer",
      () =>
        firstAnswer(
          join(__dirname, "node_modules/.bin/sandbox"),
          ["--quiet", "--disable-symlinks", "--port"],
          join(__dirname, "architect-app"),
        ),
    ],
  ];
  const samples = measurements.map((): number[] => []);
  await eachRound(rounds, async () => {
    for (const [i, [, measure]] of measurements.entries()) samples[i]?.push(await measure());
  });
  return measurements.map(([name], i) => ({ name, seconds: figure(samples[i] ?? []) }));
}

async function evaluation(args: string[]): Promise<number> {
  const start = performance.now();
  await once(spawn(process.execPath, args, { cwd: project, stdio: "ignore" }), "exit");
  return (performance.now() - start) / 1000;
}

/** Starts a server, with a port as its last argument, and requests a page until there is one. */
async function firstAnswer(command: string, args: string[], cwd: string): Promise<number> {
  const port = await freePort();
  const start = performance.now();
  const child = spawn(command, [...args, `${port}`], { cwd, stdio: "ignore", detached: true });
  try {
    while (performance.now() - start < 60_000) {
      const page = await fetch(`http://localhost:${port}/`).then(
        (response) => response.text(),
        () => "",
      );
      if (page.includes("counter: 1")) return (performance.now() - start) / 1000;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${command} has not answered within a minute`);
  } finally {
    process.kill(-(child.pid ?? 0), "SIGTERM");
    await once(child, "exit");
  }
}
