// Compiles TypeScript modules as they are required, with the options in the nearest tsconfig.json.

const { SourceMap } = require("node:module");
const { buildSync } = require("esbuild");

/** By file: its JavaScript and, once it is needed, the source map. */
const compiled = new Map();

require.extensions[".ts"] = (module, file) => {
  const text = withoutCopies(compile(file));
  compiled.set(file, { text });
  module._compile(text, file);
};

// Stack traces name the places in the sources. Node.js could do that, but would read the source map of each package,
// too.
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

function compile(file) {
  try {
    const { outputFiles } = buildSync({
      entryPoints: [file],
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
    return outputFiles[0].text;
  } catch (error) {
    const { text, location } = error.errors?.[0] ?? {};
    if (!location) throw error;
    throw new SyntaxError(`${file}:${location.line}:${location.column + 1}: ${text}`);
  }
}

/**
 * Makes `import * as x` the module itself, as TypeScript does. Pulumi can't serialize the copy that esbuild makes of
 * it.
 */
function withoutCopies(text) {
  return text.replace(/^(var (?!import_)\w+ = )__toESM\((require\("[^"]+"\))(, 1)?\);$/gm, "$1$2;");
}
