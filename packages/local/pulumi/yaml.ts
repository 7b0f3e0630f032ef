import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { messageOf, UserError } from "./errors";

/** @throws UserError when the file can't be read */
export function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"), { merge: true });
  } catch (error) {
    const [problem] = messageOf(error).split(":\n");
    throw new UserError(`${file} cannot be read: ${problem}`);
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A setting as the text that Pulumi's runtime keeps of it. */
export const textOf = (value: unknown): string =>
  typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
