import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { checkRange } from "../lambda/limits";
import { ACCOUNT_ID, type Created, type Provider, type Resource } from "../pulumi/resource";
import { accessLogLine } from "./accesslog";
import { type Api, answer, type Invoke } from "./gateway";
import { checkRouteKey } from "./routes";
import type { ServersDeployment } from "./servers";
import { createThrottle, type ThrottlingSettings } from "./throttle";

export interface AnsweredRequest {
  method: string;
  path: string;
  status: number;
  milliseconds: number;
  /** Why the gateway answered in the function's place, if it did. */
  error?: string;
  /** Whether the function had to be started for it; `undefined` when it was not invoked. */
  coldStart?: boolean;
  /** The line of the access log, if the stage declares one. */
  accessLog?: string;
}

export interface ApisOptions {
  servers: ServersDeployment;
  invoke: Invoke;
  onRequest: (request: AnsweredRequest) => void;
  /** Whether functions may be stopped in a debugger, where no integration may time out. */
  isInspected?: boolean;
}

export interface Apis {
  provider: Provider;
  /** Lets the APIs answer requests, once all of them is there. */
  activate(): void;
}

const DAY_MS = 86_400_000;

interface ApiInputs {
  protocolType: string;
}

interface IntegrationInputs {
  apiId: string;
  integrationType: string;
  integrationUri: string;
  payloadFormatVersion?: string;
  timeoutMilliseconds?: number;
}

interface RouteInputs {
  apiId: string;
  routeKey: string;
  target?: string;
}

interface StageInputs {
  apiId: string;
  name: string;
  autoDeploy?: boolean;
  accessLogSettings?: { format: string };
  defaultRouteSettings?: ThrottlingSettings;
}

/** Makes HTTP APIs real: each is an HTTP server with the routes, integrations and stages that it declares. */
export function createApis({ servers, invoke, onRequest, isInspected }: ApisOptions): Apis {
  const apis = new Map<string, Api & { name: string; endpoint: string }>();

  async function createApi({ physicalName, inputs, arn }: Resource<ApiInputs>): Promise<Created> {
    if (inputs.protocolType !== "HTTP") throw new Error(`a ${inputs.protocolType} API is not emulated`);
    const id = createHash("sha256").update(physicalName).digest("hex").slice(0, 10);
    const endpoint = await servers.open(physicalName);
    const executionArn = arn("execute-api", id);
    apis.set(id, {
      id,
      name: physicalName,
      endpoint,
      accountId: ACCOUNT_ID,
      executionArn,
      integrations: new Map(),
      routes: [],
      stages: new Map(),
    });
    return { id, outputs: { apiEndpoint: endpoint, executionArn } };
  }

  function activate(): void {
    for (const api of apis.values()) {
      servers.serve(api.name, (request, response) => {
        serve(api, request, response).catch((error: unknown) => {
          // A client that went away needs no answer.
          if (!request.complete || response.headersSent) return response.destroy();
          const body = JSON.stringify({ message: "Internal Server Error" });
          response.writeHead(500, { "content-type": "application/json" }).end(body);
          onRequest({ ...summary(request, 500), error: `${error}` });
        });
      });
    }
  }

  async function serve(api: Api, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const start = performance.now();
    const answered = await answer(api, request, invoke);
    const { statusCode, headers, body, requestId, error, coldStart } = answered;
    response
      .writeHead(statusCode, {
        ...headers,
        "content-length": Buffer.byteLength(body),
        "apigw-requestid": requestId,
      })
      .end(body);
    const milliseconds = performance.now() - start;
    const format = api.stages.get(answered.stage ?? "")?.accessLogFormat;
    const accessLog = format && accessLogLine(format, request, answered, milliseconds);
    onRequest({ ...summary(request, statusCode), milliseconds, error, coldStart, accessLog });
  }

  const summary = ({ method = "", url = "" }: IncomingMessage, status: number) => ({
    method,
    path: url,
    status,
    milliseconds: 0,
  });

  function find(apiId: string) {
    const api = apis.get(apiId);
    if (!api) throw new Error(`there is no HTTP API ${apiId}`);
    return api;
  }

  function createIntegration({ physicalName, inputs }: Resource<IntegrationInputs>): Created {
    const { apiId, integrationType, integrationUri, payloadFormatVersion = "1.0" } = inputs;
    const { timeoutMilliseconds = 30_000 } = inputs;
    if (integrationType !== "AWS_PROXY" || payloadFormatVersion !== "2.0") {
      throw new Error(`${integrationType} with payload format ${payloadFormatVersion} is not emulated`);
    }
    checkRange("timeoutMilliseconds", timeoutMilliseconds, 50, 30_000);
    // A function's ARN, or its invoke ARN, which contains the other.
    const functionArn = /functions\/(.+)\/invocations$/.exec(integrationUri)?.[1] ?? integrationUri;
    const limit = isInspected ? DAY_MS : timeoutMilliseconds;
    find(apiId).integrations.set(physicalName, { functionArn, timeoutMilliseconds: limit });
    return { id: physicalName };
  }

  function createRoute({ inputs }: Resource<RouteInputs>): Created {
    checkRouteKey(inputs.routeKey);
    if (inputs.target && !inputs.target.startsWith("integrations/")) {
      throw new Error("its target is not integrations/ and the id of an integration");
    }
    find(inputs.apiId).routes.push(inputs);
    return {};
  }

  function createStage({ inputs }: Resource<StageInputs>): Created {
    if (!inputs.autoDeploy) throw new Error("a stage without autoDeploy is not emulated");
    const { endpoint, stages } = find(inputs.apiId);
    stages.set(inputs.name, {
      throttle: inputs.defaultRouteSettings ? createThrottle(inputs.defaultRouteSettings) : () => true,
      accessLogFormat: inputs.accessLogSettings?.format,
    });
    return { outputs: { invokeUrl: `${endpoint}/${inputs.name === "$default" ? "" : inputs.name}` } };
  }

  return {
    provider: {
      "aws:apigatewayv2/api:Api": createApi,
      "aws:apigatewayv2/integration:Integration": createIntegration,
      "aws:apigatewayv2/route:Route": createRoute,
      "aws:apigatewayv2/stage:Stage": createStage,
    },
    activate,
  };
}
