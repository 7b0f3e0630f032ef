import { createHash } from "node:crypto";
import type * as aws from "@pulumi/aws";
import { checkRange } from "../lambda/limits";
import { ACCOUNT_ID, emulate, type Provider } from "../pulumi/resource";
import type { Api, InvokeFunction } from "./answer";
import { type AnsweredRequest, listenerFor } from "./listener";
import { checkRouteKey } from "./routes";
import type { Listener, Servers } from "./servers";
import { createThrottle } from "./throttle";

export interface ApisOptions {
  servers: Servers;
  invoke: InvokeFunction;
  onRequest?: (request: AnsweredRequest) => void;
  /** If it is set, a debugger may stop functions, so integrations don't time out. */
  inspectPort?: number;
}

export interface Apis {
  provider: Provider;
  /** The URLs of the APIs, in the order of their declaration. */
  endpoints(): string[];
  /** What answers the APIs' requests once everything is deployed, in the same order. */
  listeners(): Listener[];
}

const DAY_MS = 86_400_000;

/** Emulates HTTP APIs: each is an HTTP server with the routes, integrations and stages that the program declares. */
export function createApis({ servers, invoke, onRequest = () => {}, inspectPort }: ApisOptions): Apis {
  const apis: (Api & { endpoint: string })[] = [];

  function find(apiId: string) {
    const api = apis.find((each) => each.id === apiId);
    if (!api) throw new Error(`there is no HTTP API ${apiId}`);
    return api;
  }

  const provider: Provider = {
    "aws:apigatewayv2/api:Api": emulate<aws.apigatewayv2.ApiArgs>()(
      ["protocolType"],
      async ({ physicalName, inputs, arn }) => {
        if (inputs.protocolType !== "HTTP") throw new Error(`a ${inputs.protocolType} API is not emulated`);
        const id = createHash("sha256").update(physicalName).digest("hex").slice(0, 10);
        const executionArn = arn("execute-api", id);
        const parts = { integrations: new Map(), routes: [], stages: new Map() };
        const api = { id, endpoint: "", accountId: ACCOUNT_ID, executionArn, ...parts };
        const position = apis.push(api) - 1;
        api.endpoint = await servers.open(position);
        return { id, outputs: { apiEndpoint: api.endpoint, executionArn } };
      },
    ),

    "aws:apigatewayv2/integration:Integration": emulate<aws.apigatewayv2.IntegrationArgs>()(
      [
        "apiId",
        "integrationType",
        "integrationUri",
        "payloadFormatVersion",
        "timeoutMilliseconds",
        // Always POST for Lambda.
        "integrationMethod",
      ],
      ({ physicalName, inputs }) => {
        const { apiId, integrationType, integrationUri = "", payloadFormatVersion = "1.0" } = inputs;
        const { timeoutMilliseconds = 30_000 } = inputs;
        if (integrationType !== "AWS_PROXY" || payloadFormatVersion !== "2.0") {
          throw new Error(`${integrationType} with payload format ${payloadFormatVersion} is not emulated`);
        }
        checkRange("timeoutMilliseconds", timeoutMilliseconds, 50, 30_000);
        // A function's ARN, or its invoke ARN, which contains the other.
        const functionArn = /functions\/(.+)\/invocations$/.exec(integrationUri)?.[1] ?? integrationUri;
        const limit = inspectPort === undefined ? timeoutMilliseconds : DAY_MS;
        find(apiId).integrations.set(physicalName, { functionArn, timeoutMilliseconds: limit });
        return { id: physicalName };
      },
    ),

    "aws:apigatewayv2/route:Route": emulate<aws.apigatewayv2.RouteArgs>()(
      ["apiId", "routeKey", "target"],
      ({ inputs: { apiId, routeKey, target } }) => {
        checkRouteKey(routeKey);
        if (target && !target.startsWith("integrations/")) {
          throw new Error('its target must be "integrations/" and the id of an integration');
        }
        find(apiId).routes.push({ routeKey, target });
        return {};
      },
    ),

    "aws:apigatewayv2/stage:Stage": emulate<aws.apigatewayv2.StageArgs>()(
      ["apiId", "name", "autoDeploy", "accessLogSettings", "defaultRouteSettings"],
      ({ physicalName: name, inputs }) => {
        if (!inputs.autoDeploy) throw new Error("a stage without autoDeploy is not emulated");
        const { endpoint, stages } = find(inputs.apiId);
        const { defaultRouteSettings: settings, accessLogSettings } = inputs;
        const { throttlingRateLimit, throttlingBurstLimit, ...others } = settings ?? {};
        stages.set(name, {
          throttle: settings ? createThrottle({ throttlingRateLimit, throttlingBurstLimit }) : () => true,
          accessLogFormat: accessLogSettings?.format,
        });
        const set = Object.entries(others).filter(([, value]) => value);
        return {
          outputs: { invokeUrl: `${endpoint}/${name === "$default" ? "" : name}` },
          ignored: set.map(([setting]) => `.${setting}`),
        };
      },
    ),
  };

  return {
    provider,
    endpoints: () => apis.map(({ endpoint }) => endpoint),
    listeners: () => apis.map((api) => listenerFor(api, invoke, onRequest)),
  };
}
