import type { IncomingMessage } from "node:http";
import type { Answer } from "./answer";
import { commonLogTime } from "./payload";

/**
 * Writes a line of a stage's access log in the format that the stage declares; variables without a value here
 * become `-`. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 *
 * @param milliseconds the whole time that the request took
 */
export function accessLogLine(
  format: string,
  request: IncomingMessage,
  answer: Answer,
  milliseconds: number,
): string {
  const now = new Date();
  const { requestId, routeKey, stage, statusCode, error, integrationMilliseconds: integration } = answer;
  const values: Record<string, string | number | undefined> = {
    requestId,
    extendedRequestId: requestId,
    httpMethod: request.method,
    path: request.url?.split("?")[0],
    protocol: `HTTP/${request.httpVersion}`,
    routeKey,
    stage,
    status: statusCode,
    responseLength: Buffer.byteLength(answer.body),
    responseLatency: Math.round(milliseconds),
    integrationLatency: integration && Math.round(integration),
    "integration.latency": integration && Math.round(integration),
    integrationErrorMessage: integration && error,
    "integration.requestId": answer.integrationRequestId,
    "integration.error": integration && error,
    integrationStatus: integration && 200,
    "integration.integrationStatus": integration && 200,
    "error.message": error && JSON.parse(`${answer.body}`).message,
    requestTime: commonLogTime(now),
    requestTimeEpoch: now.getTime(),
    "identity.sourceIp": request.socket.remoteAddress,
    "identity.userAgent": request.headers["user-agent"],
  };
  return format.replace(/\$context\.([\w.]*\w)/g, (_, name: string) => {
    const value = values[name];
    // API Gateway escapes values, so that a line of JSON stays one.
    return value === undefined || value === "" ? "-" : JSON.stringify(`${value}`).slice(1, -1);
  });
}
