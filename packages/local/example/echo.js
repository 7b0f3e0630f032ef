let invocations = 0;

/** Does what the query string asks for; otherwise answers with what it was invoked with. */
exports.handler = async (event, context) => {
  invocations += 1;
  const { does, result } = event.queryStringParameters ?? {};
  if (result) return JSON.parse(result);
  if (does === "throw") throw new TypeError("secret reason");
  if (does === "reject") Promise.reject(new Error("nobody waits"));
  if (does === "exit") process.exit(3);
  if (does === "twice") return event.body + event.body;
  if (does === "hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (does === "sleep" || does === "reject") await new Promise((resolve) => setTimeout(resolve, 300));
  if (does === "call") {
    return fetch("https://sqs.eu-west-1.amazonaws.com").catch(({ cause }) => ({ cause: cause.message }));
  }
  if (does === "eat") {
    const eaten = [];
    for (;;) eaten.push(new Array(100_000).fill(invocations));
  }
  if (does === "log") {
    console.debug("not worth a line");
    console.log("text %d", 1);
    console.warn({ a: 1 });
    console.error("failed:", new RangeError("too far"));
    console.error(new RangeError("too far"));
  }
  const remaining = context.getRemainingTimeInMillis();
  return { event, context, remaining, env: process.env, invocations };
};
