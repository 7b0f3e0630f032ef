import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { parse } from "yaml";
import { messageOf, UserError } from "./errors";

/** A Pulumi project and the settings of one of its stacks. */
export interface Project {
  name: string;
  /** The folder that holds Pulumi.yaml: an absolute path. */
  folder: string;
  /** The program's working directory. */
  directory: string;
  /** The program's module. */
  program: string;
  stack: string;
  region: string;
  /** Full keys and values as strings, for `pulumi.runtime.setAllConfig`. */
  config: Record<string, string>;
}

/**
 * Reads a project's and a stack's file as the CLI does. The stack's values override the project's defaults.
 *
 * @param folder the project's, or one below it
 * @throws UserError when a file is missing or wrong
 */
export function readProject(folder: string, stack: string): Project {
  const file = findProjectFile(resolve(folder));
  const root = dirname(file);
  const read = readYaml(file);
  const { name, runtime, main = "", config: defaults, stackConfigDir = "" } = isObject(read) ? read : {};
  if (typeof name !== "string") throw new UserError(`${file} holds no Pulumi project: it has no name.`);
  const language = (isObject(runtime) ? runtime.name : runtime) ?? "nodejs";
  if (language !== "nodejs") {
    throw new UserError(`The local run is for programs in Node.js; the runtime in ${file} is "${language}".`);
  }
  const config: Record<string, string> = {};
  // Pulumi's runtime keeps each as a text.
  const set = (key: string, value: unknown) => {
    config[key.includes(":") ? key : `${name}:${key}`] =
      typeof value === "object" && value !== null ? JSON.stringify(value) : `${value ?? ""}`;
  };
  for (const [key, declaration] of Object.entries(isObject(defaults) ? defaults : {})) {
    const value = isObject(declaration) ? (declaration.default ?? declaration.value) : declaration;
    if (value !== undefined && value !== null) set(key, value);
  }
  const values = readStack(join(root, `${stackConfigDir}`), stack, extname(file));
  for (const [key, value] of Object.entries(values)) set(key, value);
  const region = config["aws:region"] || "us-east-1";
  return { name, folder: root, stack, region, config, ...findProgram(resolve(root, `${main}`)) };
}

function findProjectFile(folder: string): string {
  for (let above = folder; ; above = dirname(above)) {
    const names = ["Pulumi.yaml", "Pulumi.yml"].map((name) => join(above, name));
    const file = names.find((name) => existsSync(name));
    if (file) return file;
    if (above === dirname(above))
      throw new UserError(`${folder} holds no Pulumi project: there is no Pulumi.yaml.`);
  }
}

/** The values in a stack's file. A project can do without such files. */
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
  const values = isObject(read) ? (read.config ?? {}) : read;
  if (!isObject(values)) {
    throw new UserError(`${file} must hold "config:", and indented under it "KEY: VALUE" for each setting.`);
  }
  const [secret] = Object.keys(values).filter((key) => /"secure":/.test(JSON.stringify(values[key])));
  if (!secret) return values;
  throw new UserError(
    `The local run cannot decrypt "${secret}" in ${file}. ` +
      `Give a stack of your own a plain value, in Pulumi.local${extension}, and choose it with --stack local.`,
  );
}

/**
 * Where the CLI starts the program (`getPwdMain` in its source), and what it then runs: `main` in Pulumi.yaml, or what
 * Node.js finds in that folder: `main` in its package.json, or its `index`.
 */
function findProgram(path: string): { directory: string; program: string } {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  try {
    return {
      directory: isFolder ? path : dirname(path),
      program: require.resolve(isFolder ? join(path, "/") : path),
    };
  } catch {
    const missing = isFolder ? "has neither an index.ts nor an index.js" : "does not exist";
    throw new UserError(`There is no program: ${path} ${missing}.`);
  }
}

/** @throws UserError when the file can't be read */
function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"), { merge: true });
  } catch (error) {
    const [problem] = messageOf(error).split(":\n");
    throw new UserError(`${file} cannot be read: ${problem}`);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
