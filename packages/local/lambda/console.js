// What `console` writes to a function's log.
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html

const { format } = require("node:util");

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/**
 * Replaces the methods of `console` with Lambda's, in the function's log format and from its log level up.
 *
 * @param invocation holds the current request id
 */
exports.patchConsole = (invocation) => {
  const { AWS_LAMBDA_LOG_FORMAT: logFormat, AWS_LAMBDA_LOG_LEVEL: logLevel = "TRACE" } = process.env;
  for (const level of LEVELS) {
    const isShown = LEVELS.indexOf(level) >= LEVELS.indexOf(logLevel);
    console[level.toLowerCase()] = (...values) => {
      if (!isShown) return;
      const { requestId } = invocation;
      const timestamp = new Date().toISOString();
      const line =
        logFormat === "JSON"
          ? jsonLine({ timestamp, level, requestId }, values)
          : [timestamp, `${requestId}`, level, format(...values)].join("\t");
      process.stdout.write(`${line}\n`);
    };
  }
  console.log = console.info;
};

/** A single error becomes the message. The parts of one among several values are added beside the message. */
function jsonLine(start, values) {
  const [value] = values;
  if (values.length === 1) {
    const replacer = (_, part) => (part instanceof Error ? { ...partsOf(part), ...part } : part);
    try {
      return JSON.stringify({ ...start, message: value }, replacer);
    } catch {
      return JSON.stringify({ ...start, message: format(value) });
    }
  }
  const error = values.find((part) => part instanceof Error);
  return JSON.stringify({ ...start, message: format(...values), ...(error && partsOf(error)) });
}

const partsOf = (error) => ({
  errorType: error.constructor.name,
  errorMessage: error.message,
  stackTrace: error.stack?.split("\n"),
});
