import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/**
 * The stand-in for the Pulumi CLI: it notes what it is asked, remembers the stack's name, and otherwise prints the
 * answer, or runs the script, that its folder holds for a command. A shell starts ten times as fast as Node.js.
 */
const script = (folder: string) => `#!/bin/sh
cd '${folder}' || exit 1
echo "$*" >> asked
asked=$1
case "$1 $2" in
  "stack "* | "config set") asked="$1 $2" ;;
esac
name=$3
answer() {
  case $asked in
    "stack init") printf '%s' "$name" > stack ;;
    "stack rm") rm stack ;;
    "stack ls") if [ -f stack ]; then echo '[{"name":"'"$(cat stack)"'","current":true}]'; else echo '[]'; fi ;;
    *) if [ -f "answers/$asked" ]; then cat "answers/$asked"; fi ;;
  esac
}
for plan in "plan/$asked $(grep -c "^$asked" asked)" "plan/$asked"; do
  if [ -f "$plan" ]; then . "./$plan"; fi
done
answer
`;

/** What a command of the CLI does instead: fail with a text, with its work done or not, wait for Ctrl-C, or answer. */
type Instead = { error: string; does?: boolean } | { wait: true } | { outputs: Record<string, string> };

export interface Plan {
  version?: string;
  outputs?: Record<string, string>;
  settings?: Record<string, string>;
  /** By command, as in "up", or as in "up 2" for the second time. */
  instead?: Record<string, Instead>;
}

const lastUpdate = {
  kind: "update",
  startTime: "2026-01-01T00:00:00Z",
  endTime: "2026-01-01T00:00:00Z",
  message: "",
  environment: {},
  config: {},
  result: "succeeded",
  version: 1,
};

/** Puts a stand-in for the Pulumi CLI into a folder of its own. */
export function standInForPulumi({ version = "v3.248.0", outputs = {}, settings = {}, instead = {} }: Plan) {
  const folder = mkdtempSync(join(tmpdir(), "pulumi-"));
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text, { mode: 0o755 });
  for (const name of ["answers", "plan"]) mkdirSync(join(folder, name));
  write("pulumi", script(folder));
  write("asked", "");
  const config = Object.entries(settings).map(([key, value]) => [
    `serverless-sessions:${key}`,
    { value, secret: false },
  ]);
  write("answers/version", `${version}\n`);
  write("answers/config", JSON.stringify(Object.fromEntries(config)));
  write("answers/stack output", JSON.stringify(outputs));
  write("answers/stack history", JSON.stringify([lastUpdate]));
  for (const [command, what] of Object.entries(instead)) write(`plan/${command}`, behaviour(what, outputs));
  return {
    path: `${folder}${delimiter}${process.env.PATH}`,
    /** What it was asked, one command after the other. */
    asked: () => readFileSync(join(folder, "asked"), "utf8").trim().split("\n"),
    remove: () => rmSync(folder, { recursive: true, maxRetries: 3 }),
  };
}

function behaviour(what: Instead, outputs: Record<string, string>): string {
  if ("outputs" in what) return `echo '${JSON.stringify({ ...outputs, ...what.outputs })}'; exit`;
  if ("error" in what) return `${what.does ? "answer; " : ""}echo "${what.error}" >&2; exit 255`;
  return `trap 'echo "^C received; cancelling."; exit 255' INT
while :; do sleep 1 > /dev/null 2>&1 & wait; done`;
}
