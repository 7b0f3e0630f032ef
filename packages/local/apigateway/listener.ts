import { accessLogLine } from "./accesslog";
import { type Api, answerRequest, type InvokeFunction } from "./answer";
import { restoreCookies, withKeptCookies } from "./cookies";
import type { Listener } from "./servers";

export interface AnsweredRequest {
  method: string;
  path: string;
  status: number;
  milliseconds: number;
  /** Why the gateway answered instead of the function, if it did. */
  error?: string;
  /** Whether the function had to be started for it; `undefined` when it was not invoked. */
  coldStart?: boolean;
  /** The line of the access log, if the stage declares one. */
  accessLog?: string;
}

/** Answers an API's requests, and reports each to `onRequest`. */
export function listenerFor(
  api: Api,
  invokeFunction: InvokeFunction,
  onRequest: (request: AnsweredRequest) => void,
): Listener {
  return async (request, response, requestBody) => {
    const start = performance.now();
    const { method = "", url: path = "" } = request;
    restoreCookies(request);
    try {
      const answer = await answerRequest(api, request, requestBody, invokeFunction);
      const { statusCode: status, body, requestId, error, coldStart } = answer;
      const headers = withKeptCookies(answer.headers, request);
      const length = Buffer.byteLength(body);
      response.writeHead(status, { ...headers, "content-length": length, "apigw-requestid": requestId });
      response.end(body);
      const milliseconds = performance.now() - start;
      const format = api.stages.get(answer.stage ?? "")?.accessLogFormat;
      const accessLog = format && accessLogLine(format, request, answer, milliseconds);
      onRequest({ method, path, status, milliseconds, error, coldStart, accessLog });
    } catch (error) {
      // A header that HTTP does not allow, for example.
      if (response.headersSent) return response.destroy();
      const body = JSON.stringify({ message: "Internal Server Error" });
      response.writeHead(500, { "content-type": "application/json" }).end(body);
      onRequest({ method, path, status: 500, milliseconds: performance.now() - start, error: `${error}` });
    }
  };
}
