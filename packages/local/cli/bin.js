#!/usr/bin/env node
require("./ready");
require("../register");
// Pulumi's modules would spend a tenth of the start on their source maps.
process.setSourceMapsEnabled(false);
require("./start");
