import { strict as assert } from "node:assert";
import { checkRouteKey } from "../apigateway/routes";
import { checkLimits } from "../lambda/limits";

describe("like AWS, the local run refuses to deploy", () => {
  const check = (inputs: object) => checkLimits({ runtime: "nodejs26.x", role: "arn:role", ...inputs });

  const functions: [what: string, inputs: object, problem: RegExp][] = [
    ["a runtime that it does not have", { runtime: "nodejs6.x" }, /runtime "nodejs6\.x"/],
    ["two architectures", { architectures: ["arm64", "x86_64"] }, /several architectures/],
    ["too little memory", { memorySize: 127 }, /memorySize is 127, but must be .* from 128 to 10240/],
    ["too much memory", { memorySize: 10_241 }, /memorySize is 10241/],
    ["a time-out of nothing", { timeout: 0 }, /timeout is 0, but must be .* from 1 to 900/],
  ];
  for (const [what, inputs, problem] of functions) {
    it(`a function with ${what}`, () => assert.throws(() => check(inputs), problem));
  }

  const routes: Record<string, RegExp> = {
    items: /is not one such as/,
    "FETCH /items": /is not one such as/,
    "GET /items/": /ends with a slash/,
    "GET /{all+}/items": /greedy variable/,
    "GET /{}": /variable unlike/,
    "GET /{a-b}": /variable unlike/,
    "GET /x{a}": /variable unlike/,
    "GET /items?a=1": /is not one such as/,
    "GET /{id}/{id+}": /same variable twice/,
  };
  for (const [routeKey, problem] of Object.entries(routes)) {
    it(`the route key "${routeKey}"`, () => assert.throws(() => checkRouteKey(routeKey), problem));
  }

  it("but accepts others", () => {
    check({ memorySize: 10_240, timeout: 900 });
    for (const key of ["$default", "GET /", "ANY /items/{id}", "GET /{id}/{all+}"]) checkRouteKey(key);
  });
});
