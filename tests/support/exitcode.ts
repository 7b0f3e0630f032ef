// In parallel mode, Mocha ends without a summary and with exit code 0 if one of its processes crashes. Expect failure
// until it sets the code itself.
process.exitCode = 1;
