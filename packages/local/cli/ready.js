// Checks what must be there before anything can be loaded. It runs on any Node.js and needs no package.

const { existsSync } = require("node:fs");
const { tmpdir } = require("node:os");

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  stop(`This needs Node.js 20.19 or later; you have ${process.versions.node}.`);
}

try {
  require.resolve("@pulumi/pulumi", { paths: [process.cwd()] });
} catch {
  stop(`Run npm ${existsSync("package-lock.json") ? "ci" : "install"} first: there are packages missing.`);
}

if (!existsSync(tmpdir())) {
  stop(`The temporary folder ${tmpdir()} does not exist. Create it, or set TMPDIR to another one.`);
}

function stop(problem) {
  console.error(problem);
  process.exit(1);
}
