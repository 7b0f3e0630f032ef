import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { UserError } from "./errors";
import { isObject, readYaml, textOf } from "./yaml";

/** A Pulumi project and the settings of one of its stacks. */
export interface Project {
  name: string;
  /** The folder that holds Pulumi.yaml: an absolute path. */
  folder: string;
  /** The program's working directory. */
  directory: string;
  /** The program's module, or the folder that holds its `index`. */
  program: string;
  stack: string;
  region: string;
  /** Full keys and values as strings, for `pulumi.runtime.setAllConfig`. */
  config: Record<string, string>;
}

/**
 * Other keys in a stack's file than `config`: https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/
 */
const STACK_KEYS = ["encryptionsalt", "encryptedkey", "secretsprovider", "environment"];

/**
 * Reads a project's and a stack's file as the CLI does. The stack's values override the project's defaults.
 *
 * @param folder the project's, or one below it
 * @throws UserError when a file is missing or wrong
 */
export function readProject(folder: string, stackName: string): Project {
  const file = findProjectFile(resolve(folder));
  const root = dirname(file);
  const { name, runtime, main, config: declared, stackConfigDir } = readObject(file);
  if (typeof name !== "string") throw new UserError(`${file} is not a Pulumi project: it has no name.`);
  const language = (isObject(runtime) ? runtime.name : runtime) ?? "nodejs";
  if (language !== "nodejs") {
    throw new UserError(`The local run is for programs in Node.js; the runtime in ${file} is "${language}".`);
  }
  // An organization and a project may come before a stack's name.
  const stack = stackName.split("/").pop() ?? stackName;
  // Its former name is `config`.
  const stackFolder = join(root, `${stackConfigDir ?? (typeof declared === "string" ? declared : "")}`);
  const config: Record<string, string> = {};
  const set = (key: string, value: unknown) => {
    config[key.includes(":") ? key : `${name}:${key}`] = textOf(value);
  };
  for (const [key, declaration] of Object.entries(isObject(declared) ? declared : {})) {
    const value = isObject(declaration) ? (declaration.default ?? declaration.value) : declaration;
    if (value !== undefined && value !== null) set(key, value);
  }
  for (const [key, value] of Object.entries(
    readStack(stackFolder, stack, file.slice(file.lastIndexOf("."))),
  )) {
    set(key, value);
  }
  const region = config["aws:region"] || "us-east-1";
  return { name, folder: root, stack, region, config, ...findProgram(root, main) };
}

function findProjectFile(folder: string): string {
  for (let above = folder; ; above = dirname(above)) {
    const names = ["Pulumi.yaml", "Pulumi.yml"].map((name) => join(above, name));
    const file = names.find((name) => existsSync(name));
    if (file) return file;
    if (above === dirname(above))
      throw new UserError(`${folder} is not a Pulumi project: there is no Pulumi.yaml.`);
  }
}

function readObject(file: string): Record<string, unknown> {
  const read = readYaml(file);
  return isObject(read) ? read : {};
}

/** The values in a stack's file. A project needs no such files. */
function readStack(folder: string, stack: string, extension: string): Record<string, unknown> {
  const file = join(folder, `Pulumi.${stack}${extension}`);
  if (!existsSync(file)) {
    const stacks = existsSync(folder)
      ? readdirSync(folder).flatMap((name) => /^Pulumi\.(.+)\.ya?ml$/.exec(name)?.[1] ?? [])
      : [];
    if (stacks.length === 0) return {};
    throw new UserError(`There is no stack "${stack}". Choose one with --stack: ${stacks.join(", ")}.`);
  }
  const read = readYaml(file) ?? {};
  const { config, ...others } = isObject(read) ? read : { read };
  const isKnown = Object.keys(others).every((key) => STACK_KEYS.includes(key));
  if (!isKnown || !isObject(config ?? {})) {
    throw new UserError(`${file} must hold "config:", and indented under it "KEY: VALUE" for each setting.`);
  }
  const values = (config ?? {}) as Record<string, unknown>;
  const [secret] = Object.keys(values).filter((key) => hasSecret(values[key]));
  if (!secret) return values;
  throw new UserError(
    `The local run cannot decrypt "${secret}" in ${file}. ` +
      `Give a stack of your own a plain value, in Pulumi.local${extension}, and choose it with --stack local.`,
  );
}

/** Whether a value is `{ secure: … }`, or holds one. */
const hasSecret = (value: unknown): boolean =>
  typeof value === "object" && value !== null && ("secure" in value || Object.values(value).some(hasSecret));

/**
 * Where the CLI starts the program (`getPwdMain` in its source), and what it then runs (`run.ts` of its Node.js SDK):
 * `main` in Pulumi.yaml, what package.json names, or the folder's `index`.
 */
function findProgram(root: string, main: unknown): { directory: string; program: string } {
  const path = resolve(root, typeof main === "string" ? main : "");
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats)
    throw new UserError(`There is no program: "main" in Pulumi.yaml names ${path}, which doesn't exist.`);
  if (!stats.isDirectory()) return { directory: dirname(path), program: path };
  const entry = findEntry(path) ?? `${path}${sep}`;
  try {
    require.resolve(entry);
  } catch {
    throw new UserError(`There is no program: ${path} has neither an index.ts nor an index.js.`);
  }
  return { directory: path, program: entry };
}

/** The module that the nearest package.json names, if there is one. */
function findEntry(folder: string): string | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return dirname(folder) === folder ? undefined : findEntry(dirname(folder));
  const { exports, main } = JSON.parse(readFileSync(file, "utf8"));
  const exported = exports?.["."] ?? exports;
  const named = exported?.default ?? exported?.require ?? exported?.import ?? exported ?? main;
  const entry = typeof named === "string" ? join(folder, named) : "";
  return existsSync(entry) ? entry : undefined;
}
