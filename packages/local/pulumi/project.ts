import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, type ScalarTag, type Tags } from "yaml";
import { UserError } from "./errors";

/** A Pulumi project and the settings of one of its stacks. */
export interface Project {
  name: string;
  /** An absolute path. */
  folder: string;
  /** The module to import. */
  program: string;
  stack: string;
  region: string;
  /** Full keys and values as strings, for `pulumi.runtime.setAllConfig`. */
  config: Record<string, string>;
}

interface ProjectFile {
  name?: string;
  main?: string;
  config?: Record<string, unknown>;
}

/** Other keys in a stack's file than `config`: https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/ */
const STACK_KEYS = ["encryptionsalt", "encryptedkey", "secretsprovider", "environment"];

/**
 * Reads `Pulumi.yaml` and `Pulumi.<stack>.yaml` as the CLI does. The stack's values override the project's defaults.
 *
 * @throws UserError when a file is missing or wrong
 */
export function readProject(folder: string, stack: string): Project {
  const project = readYaml<ProjectFile>(join(folder, "Pulumi.yaml"));
  if (!project?.name) throw new UserError(`${folder} holds no Pulumi project: Pulumi.yaml has no name.`);
  const stackFile = join(folder, `Pulumi.${stack}.yaml`);
  if (!existsSync(stackFile)) {
    const stacks = readdirSync(folder).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
    throw new UserError(`There is no stack "${stack}". Choose one with --stack: ${stacks.join(", ")}.`);
  }
  const { config: values, ...others } = readYaml<ProjectFile>(stackFile) ?? {};
  const [unknown] = Object.keys(others).filter((key) => !STACK_KEYS.includes(key));
  if (unknown || !isObject(values ?? {})) {
    throw new UserError(
      `${stackFile} must hold "config:", and indented under it "KEY: VALUE" for each setting.`,
    );
  }

  const config: Record<string, string> = {};
  const set = (key: string, value: unknown) => {
    const text = isScalar(value) ? String(value ?? "") : JSON.stringify(value, toNumber);
    config[key.includes(":") ? key : `${project.name}:${key}`] = text;
  };
  for (const [key, declared] of Object.entries(project.config ?? {})) {
    const value = isObject(declared) ? (declared.default ?? declared.value) : declared;
    if (value !== undefined && value !== null) set(key, value);
  }
  for (const [key, value] of Object.entries(values ?? {})) {
    if (isObject(value) && "secure" in value) {
      throw new UserError(
        `The local run cannot decrypt "${key}" of stack "${stack}". Choose another --stack.`,
      );
    }
    set(key, value);
  }
  const region = config["aws:region"] || "us-east-1";
  return {
    name: project.name,
    folder,
    region,
    program: join(folder, project.main ?? "index"),
    stack,
    config,
  };
}

const isScalar = (value: unknown) => typeof value !== "object" || value === null;

const toNumber = (_: string, value: unknown) => (typeof value === "bigint" ? Number(value) : value);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Integers as Go's YAML reads them: `010` is 8, `1_000` is 1000. */
const goInteger: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?(0[0-7_]+|0b[01_]+|0x[\da-fA-F_]+|[1-9][\d_]*_[\d_]*)$/,
  resolve(text) {
    const digits = text.replace(/^[-+]|_/g, "").replace(/^0(?=\d)/, "0o");
    return text.startsWith("-") ? -BigInt(digits) : BigInt(digits);
  },
};

function readYaml<T>(file: string): T | null {
  try {
    const customTags = (tags: Tags) => [goInteger, ...tags];
    return parse(readFileSync(file, "utf8"), { merge: true, intAsBigInt: true, customTags });
  } catch (error) {
    const [problem] = (error instanceof Error ? error.message : `${error}`).split(":\n");
    throw new UserError(`${file} cannot be read: ${problem}`);
  }
}
