// Compiles TypeScript modules as they are required: the local run's own and the program's. The results are kept, by the
// content that they were compiled from, because compiling would take a third of a start. Where ts-node is registered, it
// goes on compiling, except for what is in node_modules, which it skips.

const { createHash } = require("node:crypto");
const {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require("node:fs");
const { SourceMap } = require("node:module");
const { basename, dirname, join, relative, sep } = require("node:path");

const MAX_KEPT = 500;

const project = process.cwd();
const modules = dirname(dirname(require.resolve("typescript/package.json")));
const kept = join(modules, ".cache", "pulumi-aws-local");
exports.kept = kept;
const config = join(project, "tsconfig.json");
const configText = textOf(config);
const { version } = require("typescript/package.json");
const isOurs = (file) => file.startsWith(__dirname + sep);
const compiled = new Map();
const other = require.extensions[".ts"];

require.extensions[".ts"] = (module, file) => {
  if (other && !(isOurs(file) && file.includes(`${sep}node_modules${sep}`))) return other(module, file);
  const text = compile(file);
  compiled.set(file, text);
  module._compile(text, file);
};

/** The TypeScript line of a place in a compiled module. Lines and columns begin with 1. */
exports.originalLine = (file, line, column) => {
  const [, map] = /\n\/\/# sourceMappingURL=data:[^,]+;base64,(\S+)\s*$/.exec(compiled.get(file) ?? "") ?? [];
  if (!map) return line;
  const entries = new SourceMap(JSON.parse(Buffer.from(map, "base64").toString()));
  return (entries.findEntry(line - 1, column - 1).originalLine ?? line - 1) + 1;
};

function compile(file) {
  const source = readFileSync(file, "utf8");
  const parts = [basename(file), source, version, isOurs(file) ? "" : configText];
  const target = join(kept, `${createHash("sha256").update(parts.join("\0")).digest("hex")}.js`);
  if (existsSync(target)) return readFileSync(target, "utf8");
  const text = transpile(file, source);
  keep(target, text);
  return text;
}

/** The text of a tsconfig.json and of the project's files that it extends. */
function textOf(config) {
  if (!existsSync(config)) return "";
  const text = readFileSync(config, "utf8");
  const [, base] = /"extends"\s*:\s*"(\.[^"]+)"/.exec(text) ?? [];
  return base ? text + textOf(join(dirname(config), base.replace(/(\.json)?$/, ".json"))) : text;
}

function transpile(file, source) {
  // Loaded only now: it takes a while.
  const ts = require("typescript");
  const { diagnostics, outputText } = ts.transpileModule(source, {
    fileName: basename(file),
    reportDiagnostics: true,
    compilerOptions: {
      target: "es2022",
      ...(configText && !isOurs(file) && readOptions(ts)),
      module: ts.ModuleKind.CommonJS,
      inlineSourceMap: true,
      sourceMap: false,
    },
  });
  const [mistake] = diagnostics;
  if (!mistake) return outputText;
  const { line, character } = mistake.file.getLineAndCharacterOfPosition(mistake.start);
  const message = ts.flattenDiagnosticMessageText(mistake.messageText, "\n");
  const place = `${relative(project, file)}(${line + 1},${character + 1})`;
  throw new Error(`${place}: error TS${mistake.code}: ${message}`);
}

function readOptions(ts) {
  const { config: json } = ts.readConfigFile(config, ts.sys.readFile);
  const host = { ...ts.sys, readDirectory: () => [] };
  return ts.parseJsonConfigFileContent(json, host, project).options;
}

function keep(target, text) {
  try {
    mkdirSync(kept, { recursive: true });
    if (readdirSync(kept).length > MAX_KEPT) rmSync(kept, { recursive: true });
    mkdirSync(kept, { recursive: true });
    // Another process may be reading or writing the same file.
    const whole = `${target}.${process.pid}`;
    writeFileSync(whole, text);
    renameSync(whole, target);
  } catch {
    // It will be compiled again next time.
  }
}
