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

  const paths = ["items/", "{all+}/items", "{}", "{a-b}", "x{a}", "items?a=1"].map((path) => `GET /${path}`);
  for (const routeKey of ["items", "FETCH /items", ...paths]) {
    it(`the route key "${routeKey}"`, () =>
      assert.throws(() => checkRouteKey(routeKey), /is not one such as/));
  }

  it("but accepts others", () => {
    check({ memorySize: 10_240, timeout: 900 });
    for (const key of ["$default", "GET /", "ANY /items/{id}", "GET /{id}/{all+}"]) checkRouteKey(key);
  });
});
