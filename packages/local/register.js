// Compiles TypeScript modules as they are required, with the options in the nearest tsconfig.json.

const { readdirSync, statSync } = require("node:fs");
const { SourceMap } = require("node:module");
const { dirname, join, sep } = require("node:path");

// A process for each of a few calls starts faster than a thread with a process for all of them.
process.env.ESBUILD_WORKER_THREADS = "0";
const { buildSync } = require("esbuild");
delete process.env.ESBUILD_WORKER_THREADS;

/** By file: when the source had last changed, its JavaScript and, once it is needed, the source map. */
const compiled = new Map();

require.extensions[".ts"] = (module, file) => {
  const { mtimeMs } = statSync(file);
  if (compiled.get(file)?.mtimeMs !== mtimeMs) compileAll(file);
  module._compile(compiled.get(file).text, file);
};

// Stack traces show locations in the sources. Node.js could do that itself, but would also read each package's map.
Error.prepareStackTrace = (error, frames) =>
  [error, ...frames]
    .join("\n    at ")
    .replace(/(\/[^()\n]+\.ts):(\d+):(\d+)/g, (place, file, line, column) => {
      const known = compiled.get(file);
      if (!known) return place;
      known.map ??= new SourceMap(JSON.parse(atob(known.text.slice(known.text.lastIndexOf("base64,") + 7))));
      const { originalLine, originalColumn } = known.map.findEntry(line - 1, column - 1);
      return originalLine === undefined ? place : `${file}:${originalLine + 1}:${originalColumn + 1}`;
    });

/** Compiles a module together with those beside it, as each call of esbuild takes a while, or the whole local run. */
function compileAll(file) {
  const isOurs = file.startsWith(__dirname + sep);
  const folder = isOurs ? __dirname : dirname(file);
  const names = readdirSync(folder, { recursive: isOurs });
  const isProgram = (name) => /^(?!.*node_modules).*(?<!\.d)\.ts$/.test(name);
  try {
    compile(
      folder,
      names.flatMap((name) => (isProgram(name) ? join(folder, name) : [])),
    );
  } catch {
    // The error may be in another file.
    try {
      compile(dirname(file), [file]);
    } catch ({ errors: [{ text, location }] }) {
      throw new SyntaxError(`${location.file}:${location.line}:${location.column + 1}: ${text}`);
    }
  }
}

function compile(folder, files) {
  const changes = new Map(files.map((file) => [file, statSync(file).mtimeMs]));
  const { outputFiles } = buildSync({
    entryPoints: files,
    outdir: folder,
    outbase: folder,
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

/**
 * Makes `import * as x` the module itself, as TypeScript does. Pulumi can't serialize the copy that esbuild makes of
 * it.
 */
function withoutCopies(text) {
  return text.replace(/^(var (?!import_)\w+ = )__toESM\((require\("[^"]+"\))(, 1)?\);$/gm, "$1$2;");
}
