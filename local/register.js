// Compiles TypeScript as it is required: the local run's own, and the program's. Compiling takes a third of a
// start, so what was compiled is kept, by its content: it is never out of date. If ts-node is
// registered, it stays, but ts-node leaves out what is in node_modules.

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
const { createRequire, SourceMap } = require("node:module");
const { basename, dirname, join, relative, sep } = require("node:path");

const MAX_KEPT = 500;

const project = process.cwd();
const kept = join(project, "node_modules", ".cache", "pulumi-aws-local");
const isOurs = (file) => file.startsWith(__dirname + sep);
const compiled = new Map();
const other = require.extensions[".ts"];

require.extensions[".ts"] = (module, file) => {
  if (other && !(isOurs(file) && file.includes(`${sep}node_modules${sep}`))) return other(module, file);
  const text = compile(file);
  compiled.set(file, text);
  module._compile(text, file);
};

/** The line in TypeScript of a place in a module; lines and columns begin with 1. */
exports.originalLine = (file, line, column) => {
  const [, map] = /\n\/\/# sourceMappingURL=data:[^,]+;base64,(\S+)\s*$/.exec(compiled.get(file) ?? "") ?? [];
  if (!map) return line;
  const entry = new SourceMap(JSON.parse(Buffer.from(map, "base64").toString())).findEntry(
    line - 1,
    column - 1,
  );
  return (entry.originalLine ?? line - 1) + 1;
};

function compile(file) {
  const source = readFileSync(file, "utf8");
  const ts = lazyTypeScript(file);
  const config = isOurs(file) ? undefined : join(project, "tsconfig.json");
  const parts = [basename(file), source, ts.version, ...(config ? configTexts(config) : [])];
  const target = join(kept, `${createHash("sha256").update(parts.join("\0")).digest("hex")}.js`);
  if (existsSync(target)) return readFileSync(target, "utf8");
  const text = transpile(ts.load(), file, source, config);
  keep(target, text);
  return text;
}

/** The project's TypeScript, or else our own; it takes a moment to load. */
function lazyTypeScript(file) {
  const { resolve } = createRequire(isOurs(file) ? __filename : join(project, "index.js"));
  const find = (name) => {
    try {
      return resolve(name);
    } catch {
      return require.resolve(name);
    }
  };
  return {
    version: require(find("typescript/package.json")).version,
    load: () => require(find("typescript")),
  };
}

/** A tsconfig.json, and the files of the project that it extends. */
function configTexts(config) {
  if (!existsSync(config)) return [];
  const text = readFileSync(config, "utf8");
  const [, base] = /"extends"\s*:\s*"(\.[^"]+)"/.exec(text) ?? [];
  return [text, ...(base ? configTexts(join(dirname(config), base.replace(/(\.json)?$/, ".json"))) : [])];
}

function transpile(ts, file, source, config) {
  const { diagnostics, outputText } = ts.transpileModule(source, {
    fileName: basename(file),
    reportDiagnostics: true,
    compilerOptions: {
      target: "es2022",
      ...(config && existsSync(config) && readOptions(ts, config)),
      module: ts.ModuleKind.CommonJS,
      inlineSourceMap: true,
      sourceMap: false,
    },
  });
  const [mistake] = diagnostics;
  if (!mistake) return outputText;
  const { line, character } = mistake.file.getLineAndCharacterOfPosition(mistake.start);
  const message = ts.flattenDiagnosticMessageText(mistake.messageText, "\n");
  throw new Error(
    `${relative(project, file)}(${line + 1},${character + 1}): error TS${mistake.code}: ${message}`,
  );
}

function readOptions(ts, config) {
  const { config: json } = ts.readConfigFile(config, ts.sys.readFile);
  const host = { ...ts.sys, readDirectory: () => [] };
  return ts.parseJsonConfigFileContent(json, host, dirname(config)).options;
}

function keep(target, text) {
  try {
    mkdirSync(kept, { recursive: true });
    if (readdirSync(kept).length > MAX_KEPT) rmSync(kept, { recursive: true });
    mkdirSync(kept, { recursive: true });
    // Another process may read or write it at the same time.
    const whole = `${target}.${process.pid}`;
    writeFileSync(whole, text);
    renameSync(whole, target);
  } catch {
    // It is compiled again the next time.
  }
}
