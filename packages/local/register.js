// Compiles TypeScript modules as they are required, with the options in the nearest tsconfig.json.

const { readdirSync, statSync } = require("node:fs");
const { SourceMap } = require("node:module");
const { dirname, join } = require("node:path");
const { buildSync } = require("esbuild");

/** By file: its JavaScript, and when the source had last changed. */
const compiled = new Map();

require.extensions[".ts"] = (module, file) => {
  const { mtimeMs } = statSync(file);
  if (compiled.get(file)?.mtimeMs !== mtimeMs) compileAll(file);
  module._compile(compiled.get(file).text, file);
};

/** The line in TypeScript of a place in a compiled module, unless Node.js maps it itself. Both count from 1. */
exports.sourceLine = (file, line, column) => {
  const { text = "" } = compiled.get(file) ?? {};
  const [, map] = /\n\/\/# sourceMappingURL=data:[^,]+;base64,(\S+)\s*$/.exec(text) ?? [];
  if (!map || process.sourceMapsEnabled) return line;
  const { originalLine = line - 1 } = new SourceMap(JSON.parse(atob(map))).findEntry(line - 1, column - 1);
  return originalLine + 1;
};

/** Compiles a module together with those beside it: most of esbuild's time is spent between its calls. */
function compileAll(file) {
  const folder = dirname(file);
  const files = readdirSync(folder).flatMap((name) => (/(?<!\.d)\.ts$/.test(name) ? join(folder, name) : []));
  try {
    compile(files);
  } catch {
    // Perhaps it's another one that is wrong.
    try {
      compile([file]);
    } catch ({ errors: [{ text, location }] }) {
      throw new SyntaxError(`${location.file}:${location.line}:${location.column + 1}: ${text}`);
    }
  }
}

function compile(files) {
  const changes = new Map(files.map((file) => [file, statSync(file).mtimeMs]));
  const { outputFiles } = buildSync({
    entryPoints: files,
    outdir: dirname(files[0]),
    write: false,
    platform: "node",
    format: "cjs",
    target: "node20",
    // An `import()` in CommonJS then finds TypeScript modules, too.
    supported: { "dynamic-import": false },
    sourcemap: "inline",
    sourcesContent: false,
    logLevel: "silent",
  });
  for (const { path, text } of outputFiles) {
    const file = path.replace(/js$/, "ts");
    compiled.set(file, { mtimeMs: changes.get(file), text: withoutCopies(text) });
  }
}

/** Makes `import * as x` the module itself, as TypeScript does. Pulumi can't serialize the copy that esbuild makes of it. */
function withoutCopies(text) {
  return text.replace(/^(var (?!import_)\w+ = )__toESM\((require\("[^"]+"\))(, 1)?\);$/gm, "$1$2;");
}
