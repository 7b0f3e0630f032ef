import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface OtherServices {
  /** Resolves to the URL at which functions find all services but DynamoDB. */
  endpoint: Promise<string>;
  close(): void;
}

/** Starts a server that answers all calls to AWS with the sentence that the service is not emulated. */
export function refuseServices(): OtherServices {
  const server = createServer(refuse);
  const endpoint = new Promise<string>((resolve) => {
    server.listen(0, "127.0.0.1", () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
  return {
    endpoint,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Answers in the protocol of the call, as the SDK would show "UnknownError" otherwise. */
function refuse(request: IncomingMessage, response: ServerResponse): void {
  const message = `${serviceOf(request)} is not emulated by the local run.`;
  const type = request.headers["content-type"] ?? "";
  const error = `<Error><Code>NotEmulated</Code><Message>${message}</Message></Error>`;
  const answer = (contentType: string, body: string) =>
    response.writeHead(400, { "content-type": contentType, "x-amzn-errortype": "NotEmulated" }).end(body);
  request.resume();
  if (type.startsWith("application/x-www-form-urlencoded")) {
    return void answer("text/xml", `<ErrorResponse>${error}</ErrorResponse>`);
  }
  if (/\bapi\/s3#/.test(agentOf(request))) return void answer("application/xml", error);
  answer("application/json", JSON.stringify({ __type: "NotEmulated", message }));
}

const agentOf = ({ headers }: IncomingMessage) => `${headers["x-amz-user-agent"]} ${headers["user-agent"]}`;

/** The service's name, which SDKs have in their user agent, as in `api/secrets_manager#3.700.0`. */
function serviceOf(request: IncomingMessage): string {
  const [, name = "this service"] = /\bapi\/([\w-]+)#/.exec(agentOf(request)) ?? [];
  if (name.length <= 3) return name.toUpperCase();
  return name.replace(/[_-]/g, " ").replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
}
