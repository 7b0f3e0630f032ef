import { readFileSync } from "node:fs";
import { parse, type ScalarTag, type Tags } from "yaml";
import { messageOf, UserError } from "./errors";

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

/** @throws UserError when the file can't be read */
export function readYaml(file: string): unknown {
  try {
    const customTags = (tags: Tags) => [goInteger, ...tags];
    return parse(readFileSync(file, "utf8"), { merge: true, intAsBigInt: true, customTags });
  } catch (error) {
    const [problem] = messageOf(error).split(":\n");
    throw new UserError(`${file} cannot be read: ${problem}`);
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A setting as the text that Pulumi's runtime keeps of it. */
export function textOf(value: unknown): string {
  if (typeof value !== "object") return String(value ?? "");
  if (value === null) return "";
  return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? Number(part) : part));
}
