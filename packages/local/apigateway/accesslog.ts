import type { IncomingMessage } from "node:http";
import type { Answer } from "./answer";
import { commonLogTime } from "./payload";

/**
 * A line of the access log in the stage's format, with `-` for variables that have no value here.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 *
 * @param milliseconds the time from request to answer
 */
export function accessLogLine(
  format: string,
  request: IncomingMessage,
  answer: Answer,
  milliseconds: number,
): string {
  const { requestId, routeKey, stage, statusCode, error, integrationMilliseconds: integration } = answer;
  const values: Record<string, string | number | undefined> = {
    requestId,
    httpMethod: request.method,
    path: request.url?.split("?")[0],
    protocol: `HTTP/${request.httpVersion}`,
    routeKey,
    stage,
    status: statusCode,
    responseLength: Buffer.byteLength(answer.body),
    responseLatency: Math.round(milliseconds),
    integrationLatency: integration && Math.round(integration),
    integrationErrorMessage: integration && error,
    "integration.requestId": answer.integrationRequestId,
    requestTime: commonLogTime(new Date()),
    "identity.sourceIp": request.socket.remoteAddress,
    "identity.userAgent": request.headers["user-agent"],
  };
  return format.replace(/\$context\.([\w.]*\w)/g, (_, name: string) => {
    const value = values[name];
    // Escaped, so that JSON stays valid.
    return value === undefined || value === "" ? "-" : JSON.stringify(`${value}`).slice(1, -1);
  });
}
