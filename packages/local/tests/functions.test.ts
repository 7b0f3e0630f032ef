import { strict as assert } from "node:assert";
import { useShop } from "./support/shop";
import { until } from "./support/until";

describe("a function in the local run", () => {
  const shop = useShop();
  const echo = (query = "") => fetch(`${shop.url}echo?${query}`);
  const answer = async (query = "") => (await echo(query)).json();

  const failures: Record<string, RegExp> = {
    throw: /TypeError: secret reason/,
    reject: /nobody waits/,
    exit: /Runtime exited with error: exit status 3/,
    hang: /Task timed out after 5\.00 seconds/,
    eat: /memory/,
  };
  for (const [does, reason] of Object.entries(failures)) {
    it(`that does "${does}" causes a 500, and serves the next request`, async () => {
      const response = await echo(`does=${does}`);
      assert.equal(response.status, 500);
      assert.equal(await response.text(), '{"message":"Internal Server Error"}');
      assert.match(shop.requests.at(-1)?.error ?? "", reason);
      const { invocations } = await answer();
      // A handler that throws keeps its instance; one that crashes or times out gets another.
      assert.equal(invocations > 1, does === "throw");
    });
  }

  it("stays warm between requests, and starts cold for parallel ones", async () => {
    const { invocations } = await answer();
    assert.equal((await answer()).invocations, invocations + 1);
    assert.equal(shop.requests.at(-1)?.coldStart, false);
    await Promise.all([echo("does=sleep"), echo("does=sleep"), echo("does=sleep")]);
    assert.ok(shop.requests.slice(-3).some(({ coldStart }) => coldStart));
  });

  it("has its declared environment and Lambda's variables, but nothing from this process", async () => {
    const { env } = await answer();
    assert.match(env.AWS_LAMBDA_FUNCTION_NAME, /^echo-[0-9a-f]{7}$/);
    assert.match(env._X_AMZN_TRACE_ID, /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/);
    const known = {
      AWS_CONFIG_FILE: "/dev/null",
      AWS_ENDPOINT_URL_DYNAMODB: shop.running.dynamodb,
      AWS_LAMBDA_LOG_LEVEL: "INFO",
      AWS_REGION: "eu-west-1",
      GREETING: "hello",
      TZ: ":UTC",
      _HANDLER: "echo.handler",
    };
    assert.deepEqual({ ...env, ...known }, env);
    const others = ["GREETING", "LAMBDA_TASK_ROOT", "LANG", "PATH", "TZ", "_HANDLER", "_X_AMZN_TRACE_ID"];
    const names = Object.keys(env).filter((name) => !name.startsWith("AWS_"));
    assert.deepEqual(names.sort(), others);
  });

  it("keeps calls to other services on this machine, and says that they aren't emulated", async () => {
    const cause = "sqs.eu-west-1.amazonaws.com is not emulated by the local run.";
    assert.deepEqual(await answer("does=call"), { cause });
  });

  it("gets Lambda's context", async () => {
    const { context, remaining, env } = await answer();
    const { awsRequestId, ...rest } = context;
    assert.match(awsRequestId, /^[0-9a-f-]{36}$/);
    assert.ok(remaining > 2500 && remaining <= 5000);
    assert.deepEqual(rest, {
      functionName: env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: "$LATEST",
      invokedFunctionArn: `arn:aws:lambda:eu-west-1:000000000000:function:${env.AWS_LAMBDA_FUNCTION_NAME}`,
      logGroupName: "echo-log",
      logStreamName: "local",
      memoryLimitInMB: "128",
      xRayTraceId: env._X_AMZN_TRACE_ID,
    });
  });

  it("logs one JSON object per line, with the parts of errors", async () => {
    const start = shop.log.length;
    const { context } = await answer("does=log");
    await echo("does=throw");
    // What an instance writes arrives beside its result, not before.
    const written = () => shop.log.slice(start).trim().split("\n");
    const lines = await until("five lines in the log", written, ({ length }) => length >= 5);
    const [text, object, among, alone, thrown] = lines.map((line) => JSON.parse(line));
    const { awsRequestId: requestId } = context;
    assert.ok(Math.abs(Date.parse(text.timestamp) - Date.now()) < 5000);
    assert.deepEqual(text, { timestamp: text.timestamp, level: "INFO", requestId, message: "text 1" });
    assert.deepEqual([object.level, object.message], ["WARN", { a: 1 }]);
    assert.match(among.message, /^failed: RangeError: too far/);
    assert.equal(among.errorType, "RangeError");
    assert.equal(alone.message.errorMessage, "too far");
    assert.ok(Array.isArray(alone.message.stackTrace));
    assert.equal(thrown.message.errorType, "TypeError");
    assert.doesNotMatch(shop.log, /not worth a line/);
  });
});
