require("./register");
// Here it is api.ts; in the published package it is what `npm pack` makes of it.
module.exports = require("./api");
