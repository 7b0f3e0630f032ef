import { randomBytes } from "node:crypto";
import { type Answer, type Api, answerRequest, type InvokeFunction } from "./answer";
import { restoreCookies, withKeptCookies } from "./cookies";
import type { Listener } from "./servers";

export interface AnsweredRequest extends Pick<Answer, "error" | "coldStart"> {
  method: string;
  path: string;
  status: number;
  milliseconds: number;
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
    const report = (status: number, error?: string, coldStart?: boolean) =>
      onRequest({ method, path, status, milliseconds: performance.now() - start, error, coldStart });
    restoreCookies(request);
    try {
      const requestId = randomBytes(11).toString("base64");
      const answer = await answerRequest(api, request, requestId, requestBody, invokeFunction);
      const { statusCode, body, error, coldStart } = answer;
      const headers = withKeptCookies(answer.headers, request);
      const length = Buffer.byteLength(body);
      response.writeHead(statusCode, { ...headers, "content-length": length, "apigw-requestid": requestId });
      response.end(body);
      report(statusCode, error, coldStart);
    } catch (error) {
      // A header that HTTP does not allow, for example.
      const body = JSON.stringify({ message: "Internal Server Error" });
      response.writeHead(500, { "content-type": "application/json" }).end(body);
      report(500, `${error}`);
    }
  };
}
