#!/usr/bin/env node
require("../register");
require("./start.ts");
