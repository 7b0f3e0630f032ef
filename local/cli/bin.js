#!/usr/bin/env node
const { enableCompileCache } = require("node:module");
const { join } = require("node:path");

// Node.js 20 has none.
enableCompileCache?.(join(process.cwd(), "node_modules", ".cache", "pulumi-aws-local", "node"));
require("../register");
require("./start.ts");
