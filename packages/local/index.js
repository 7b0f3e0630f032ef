require("./register");
module.exports = require("./api.ts");
