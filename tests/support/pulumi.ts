import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/**
 * What the stand-in for the Pulumi CLI does. It keeps the stack's settings where the CLI does, notes what it is asked,
 * and behaves as it is told to.
 */
const script = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, writeFileSync, rmSync } = require("node:fs");
const folder = ${JSON.stringify("FOLDER")};
const args = process.argv.slice(2);
const words = args.filter((arg) => !arg.startsWith("-"));
const asked = args[0] === "stack" || args[1] === "set" ? words.slice(0, 2).join(" ") : words[0];
appendFileSync(folder + "/asked", args.join(" ") + "\\n");
const count = readFileSync(folder + "/asked", "utf8").split("\\n").filter((line) => line.startsWith(asked)).length;
const plan = JSON.parse(readFileSync(folder + "/plan", "utf8"));
const told = plan.told[asked + " " + count] ?? plan.told[asked];
const file = folder + "/stack";
const name = existsSync(file) ? readFileSync(file, "utf8") : undefined;
const answer = {
  version: () => plan.version,
  "stack ls": () => JSON.stringify(name ? [{ name, current: true }] : []),
  "stack init": () => writeFileSync(file, args[2]),
  "stack rm": () => rmSync(file),
  "stack output": () => JSON.stringify({ ...plan.outputs, ...told?.outputs }),
  "stack history": () => JSON.stringify([{ kind: "update", startTime: "2026-01-01T00:00:00Z", endTime: "2026-01-01T00:00:00Z", message: "", environment: {}, config: {}, result: "succeeded", version: 1 }]),
  config: () => JSON.stringify(Object.fromEntries(Object.entries(plan.settings).map(([key, value]) => ["serverless-sessions:" + key, { value, secret: false }]))),
}[asked] ?? (() => {});
if (told?.wait) {
  process.on("SIGINT", () => {
    console.log("^C received; cancelling.");
    process.exit(255);
  });
  setInterval(() => {}, 1000);
} else if (told?.error) {
  if (told.does) answer();
  console.error(told.error);
  process.exitCode = 255;
} else {
  const text = answer();
  if (text) console.log(text);
}
`;

/** What a command of the CLI's is told to do: to fail with a text, having done its work or not, or to wait for Ctrl-C. */
type Told = { error: string; does?: boolean } | { wait: true } | { outputs: Record<string, string> };

export interface Plan {
  version?: string;
  outputs?: Record<string, string>;
  settings?: Record<string, string>;
  /** By command, as in "up", or as in "up 2" for the second time. */
  told?: Record<string, Told>;
}

/** Puts a stand-in for the Pulumi CLI into a folder of its own. */
export function standInForPulumi({ version = "v3.248.0", outputs = {}, settings = {}, told = {} }: Plan) {
  const folder = mkdtempSync(join(tmpdir(), "pulumi-"));
  const command = join(folder, "pulumi");
  writeFileSync(command, script.replace("FOLDER", folder));
  chmodSync(command, 0o755);
  writeFileSync(join(folder, "asked"), "");
  writeFileSync(join(folder, "plan"), JSON.stringify({ version, outputs, settings, told }));
  return {
    folder,
    path: `${folder}${delimiter}${process.env.PATH}`,
    /** What it was asked, one command after the other. */
    asked: () => readFileSync(join(folder, "asked"), "utf8").trim().split("\n"),
  };
}
