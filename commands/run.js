// Runs a command, such as node commands/run.js verify URL. Plain JavaScript also runs without what compiles TypeScript.

const [name] = process.argv.splice(2, 1);
try {
  require("pulumi-aws-local/register.js");
} catch (error) {
  if (error.code !== "MODULE_NOT_FOUND") throw error;
  console.error("Run npm ci first.");
  process.exit(1);
}
require(`./${name}.ts`);
