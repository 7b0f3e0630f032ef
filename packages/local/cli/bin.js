#!/usr/bin/env node
require("./ready");
const { enableCompileCache } = require("node:module");
const { join } = require("node:path");

// Node.js 20 doesn't have it.
enableCompileCache?.(join(require.resolve("yaml/package.json"), "../../.cache/pulumi-aws-local"));
require("../register");
require("./start");
