#!/usr/bin/env node
require("./ready");
require("../register");
require("./start");
