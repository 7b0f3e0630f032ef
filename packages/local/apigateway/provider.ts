import { createHash } from "node:crypto";
import type * as aws from "@pulumi/aws";
import { checkRange } from "../lambda/limits";
import { emulate, type Provider } from "../pulumi/resource";
import type { Api, Integration, InvokeFunction } from "./answer";
import { type AnsweredRequest, listenerFor } from "./listener";
import { checkRouteKey } from "./routes";
import type { Listener, Servers } from "./servers";
import { createThrottle } from "./throttle";

export interface ApisOptions {
  servers: Servers;
  invoke: InvokeFunction;
  onRequest?: (request: AnsweredRequest) => void;
  /** If this is set, a debugger may pause functions, so integrations don't time out. */
  inspectPort?: number;
}

const DAY_MS = 86_400_000;

const listed = (variant?: string) => (variant ? [` (${variant})`] : []);

/** Emulates HTTP APIs: each is an HTTP server with the routes, integrations and stages that the program declares. */
export function createApis({ servers, invoke, onRequest = () => {}, inspectPort }: ApisOptions) {
  const apis: Api[] = [];

  function find(apiId: string) {
    const api = apis.find((each) => each.id === apiId);
    if (!api) throw new Error(`there is no HTTP API ${apiId}`);
    return api;
  }

  function integrate(uri: string, variant?: string, limit = 30_000): Integration {
    checkRange("timeoutMilliseconds", limit, 50, 30_000);
    // A function's ARN, or its invoke ARN, which contains the other.
    const functionArn = /functions\/(.+)\/invocations$/.exec(uri)?.[1] ?? uri;
    return { functionArn, variant, timeoutMilliseconds: inspectPort === undefined ? limit : DAY_MS };
  }

  const provider: Provider = {
    "aws:apigatewayv2/api:Api": emulate<aws.apigatewayv2.ApiArgs>()(
      ["protocolType", "corsConfiguration", "target", "routeKey"],
      async ({ physicalName, inputs, arn }) => {
        const { protocolType, corsConfiguration: cors, target, routeKey = "$default" } = inputs;
        const id = createHash("sha256").update(physicalName).digest("hex").slice(0, 10);
        const executionArn = arn("execute-api", id);
        const variant = protocolType === "HTTP" ? undefined : `${protocolType} APIs`;
        const parts = { integrations: new Map(), routes: [], stages: new Map() };
        const api: Api = { id, endpoint: "", executionArn, cors, variant, ...parts };
        const position = apis.push(api) - 1;
        api.endpoint = await servers.open(position);
        if (target) {
          const variant = /^https?:/.test(target) ? "HTTP_PROXY integrations" : undefined;
          api.integrations.set("integrations/quick", integrate(target, variant));
          api.routes.push({ routeKey, target: "integrations/quick" });
          api.stages.set("$default", () => true);
        }
        return { id, outputs: { apiEndpoint: api.endpoint, executionArn }, ignored: listed(variant) };
      },
    ),

    "aws:apigatewayv2/integration:Integration": emulate<aws.apigatewayv2.IntegrationArgs>()(
      [
        "apiId",
        "integrationType",
        "integrationSubtype",
        "integrationUri",
        "payloadFormatVersion",
        "timeoutMilliseconds",
        // Always POST for Lambda.
        "integrationMethod",
        // Only for WebSocket APIs.
        "passthroughBehavior",
      ],
      ({ physicalName, inputs }) => {
        const { integrationType, integrationSubtype, payloadFormatVersion = "1.0" } = inputs;
        const isProxy = integrationType === "AWS_PROXY" && !integrationSubtype;
        const format = payloadFormatVersion === "2.0" ? undefined : `payload format ${payloadFormatVersion}`;
        const variant = isProxy ? format : `${integrationSubtype ?? integrationType} integrations`;
        const integration = integrate(inputs.integrationUri ?? "", variant, inputs.timeoutMilliseconds);
        find(inputs.apiId).integrations.set(`integrations/${physicalName}`, integration);
        return { id: physicalName, ignored: listed(variant) };
      },
    ),

    "aws:apigatewayv2/route:Route": emulate<aws.apigatewayv2.RouteArgs>()(
      ["apiId", "routeKey", "target", "authorizationType", "authorizerId", "authorizationScopes"],
      ({ inputs: { apiId, routeKey, target, authorizationType = "NONE" } }) => {
        const { variant: apiVariant, routes, integrations } = find(apiId);
        if (!apiVariant) checkRouteKey(routeKey);
        if (routes.some((route) => route.routeKey === routeKey)) {
          throw new Error(`the API has another route "${routeKey}"`);
        }
        if (target && !integrations.has(target)) {
          throw new Error('its target must be "integrations/" and the id of an integration of its API');
        }
        const variant = authorizationType === "NONE" ? undefined : `${authorizationType} authorizers`;
        routes.push({ routeKey, target, variant });
        return { ignored: listed(variant) };
      },
    ),

    "aws:apigatewayv2/stage:Stage": emulate<aws.apigatewayv2.StageArgs>()(
      // The terminal has a line for each request. Settings other than limits are about metrics and logs.
      ["apiId", "name", "autoDeploy", "deploymentId", "accessLogSettings", "defaultRouteSettings"],
      ({ physicalName: name, inputs }) => {
        if (!/^(\$default|[\w-]+)$/.test(name)) {
          throw new Error(`"${name}" is not a valid stage name: use letters, digits, - and _, or $default`);
        }
        const { apiId, autoDeploy, deploymentId, defaultRouteSettings: limits } = inputs;
        const { endpoint, stages } = find(apiId);
        const throttle = createThrottle(limits?.throttlingRateLimit, limits?.throttlingBurstLimit);
        const isDeployed = autoDeploy || deploymentId;
        if (isDeployed) stages.set(name, limits ? throttle : () => true);
        return {
          outputs: { invokeUrl: `${endpoint}/${name === "$default" ? "" : name}` },
          ignored: isDeployed ? [] : [" without a deployment, which answers 404"],
        };
      },
    ),
    // Here, a stage always has the program's current routes.
    "aws:apigatewayv2/deployment:Deployment": emulate<aws.apigatewayv2.DeploymentArgs>()(
      ["apiId", "triggers"],
      () => ({}),
    ),
  };

  return {
    provider,
    /** The URLs of the APIs, in the order of their declaration. */
    endpoints: (): string[] => apis.map(({ endpoint }) => endpoint),
    /** What answers the APIs' requests once everything is deployed, in the same order. */
    listeners: (): Listener[] => apis.map((api) => listenerFor(api, invoke, onRequest)),
  };
}
