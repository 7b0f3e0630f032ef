import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/**
 * A fake Pulumi CLI. It logs its commands, remembers the stack's name, and prints the output or runs the script that its
 * folder has for a command. It is a shell script because a shell starts ten times faster than Node.js.
 */
const script = (folder: string) => `#!/bin/sh
cd '${folder}' || exit 1
echo "$*" >> commands
command=$1
case "$1 $2" in
  "stack "* | "config set") command="$1 $2" ;;
esac
name=$3
run() {
  case $command in
    "stack init") printf '%s' "$name" > stack ;;
    "stack rm") rm stack ;;
    "stack ls") if [ -f stack ]; then echo '[{"name":"'"$(cat stack)"'","current":true}]'; else echo '[]'; fi ;;
    *) if [ -f "outputs/$command" ]; then cat "outputs/$command"; fi ;;
  esac
}
for override in "overrides/$command $(grep -c "^$command" commands)" "overrides/$command"; do
  if [ -f "$override" ]; then . "./$override"; fi
done
run
`;

/** What a command does instead: fail before or after its work, wait for Ctrl-C, or print other stack outputs. */
type Override = { error: string; afterWork?: boolean } | { wait: true } | { outputs: Record<string, string> };

export interface FakePulumiOptions {
  version?: string;
  outputs?: Record<string, string>;
  settings?: Record<string, string>;
  /** By command, such as "up", or "up 2" for the second one only. */
  overrides?: Record<string, Override>;
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

/** Installs the fake CLI in a temporary folder. */
export function installFakePulumi(options: FakePulumiOptions) {
  const { version = "v3.248.0", outputs = {}, settings = {}, overrides = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), "pulumi-"));
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text, { mode: 0o755 });
  for (const name of ["outputs", "overrides"]) mkdirSync(join(folder, name));
  write("pulumi", script(folder));
  write("commands", "");
  const config = Object.entries(settings).map(([key, value]) => [
    `serverless-sessions:${key}`,
    { value, secret: false },
  ]);
  write("outputs/version", `${version}\n`);
  write("outputs/config", JSON.stringify(Object.fromEntries(config)));
  write("outputs/stack output", JSON.stringify(outputs));
  write("outputs/stack history", JSON.stringify([lastUpdate]));
  for (const [command, override] of Object.entries(overrides)) {
    write(`overrides/${command}`, overrideScript(override, outputs));
  }
  return {
    path: `${folder}${delimiter}${process.env.PATH}`,
    /** The commands that it ran, in order. */
    commands: () => readFileSync(join(folder, "commands"), "utf8").trim().split("\n"),
    remove: () => rmSync(folder, { recursive: true, maxRetries: 3 }),
  };
}

function overrideScript(override: Override, outputs: Record<string, string>): string {
  if ("outputs" in override) return `echo '${JSON.stringify({ ...outputs, ...override.outputs })}'; exit`;
  if ("error" in override)
    return `${override.afterWork ? "run; " : ""}echo "${override.error}" >&2; exit 255`;
  return `trap 'echo "^C received; cancelling."; exit 255' INT
while :; do sleep 1 > /dev/null 2>&1 & wait; done`;
}
