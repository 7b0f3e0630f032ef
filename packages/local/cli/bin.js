#!/usr/bin/env node
const { enableCompileCache } = require("node:module");
const { kept } = require("../register");

// Node.js 20 doesn't have it.
enableCompileCache?.(kept);
require("./start.ts");
