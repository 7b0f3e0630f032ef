#!/usr/bin/env node
require("./ready");
// Node.js 20 doesn't have it.
require("node:module").enableCompileCache?.();
require("../register");
require("./start");
