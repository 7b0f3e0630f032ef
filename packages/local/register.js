// Compiles TypeScript modules as they are required, with the options in the nearest tsconfig.json.

const { setSourceMapsSupport } = require("node:module");
const { dirname } = require("node:path");
const { buildSync } = require("esbuild");

require.extensions[".ts"] = (module, file) => {
  module._compile(withoutCopies(compile(file)), file);
};

// Stack traces name the places in the sources. Node.js 20 also reads the source maps of packages.
if (setSourceMapsSupport) setSourceMapsSupport(true, { nodeModules: false });
else process.setSourceMapsEnabled(true);

function compile(file) {
  try {
    const { outputFiles } = buildSync({
      entryPoints: [file],
      // The source map's paths are relative to it.
      absWorkingDir: dirname(file),
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
