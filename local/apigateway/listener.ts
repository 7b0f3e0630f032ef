import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { accessLogLine } from "./accesslog";
import { type Api, answerRequest, type InvokeFunction } from "./answer";

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

/** What answers an API's requests. */
export function listenerFor(
  api: Api,
  invokeFunction: InvokeFunction,
  onRequest: (request: AnsweredRequest) => void,
): RequestListener {
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const start = performance.now();
    const answer = await answerRequest(api, request, invokeFunction);
    const { statusCode, headers, body, requestId, error, coldStart } = answer;
    const length = Buffer.byteLength(body);
    response
      .writeHead(statusCode, { ...headers, "content-length": length, "apigw-requestid": requestId })
      .end(body);
    const milliseconds = performance.now() - start;
    const format = api.stages.get(answer.stage ?? "")?.accessLogFormat;
    const accessLog = format && accessLogLine(format, request, answer, milliseconds);
    onRequest({ ...summary(request), status: statusCode, milliseconds, error, coldStart, accessLog });
  }

  return (request, response) => {
    serve(request, response).catch((error: unknown) => {
      // A client that went away needs no answer.
      if (!request.complete || response.headersSent) return response.destroy();
      const body = JSON.stringify({ message: "Internal Server Error" });
      response.writeHead(500, { "content-type": "application/json" }).end(body);
      onRequest({ ...summary(request), status: 500, milliseconds: 0, error: `${error}` });
    });
  };
}

const summary = ({ method = "", url = "" }: IncomingMessage) => ({ method, path: url });
