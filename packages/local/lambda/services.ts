import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface OtherServices {
  /** Resolves to the URL at which functions find all services but DynamoDB. */
  endpoint: Promise<string>;
  close(): void;
}

/** Starts a server that answers every call to AWS with an error: the service is not emulated. */
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

/** Services that answer in XML: some always do, others if the request is a form. */
const XML = /\bapi\/(s3|cloudfront|route_53)\b|x-www-form-urlencoded/;

function refuse(request: IncomingMessage, response: ServerResponse): void {
  const message = `${serviceOf(request)} is not emulated by the local run.`;
  const xml = `<Code>NotEmulated</Code><Message>${message}</Message>`;
  const body = XML.test(`${agentOf(request)} ${request.headers["content-type"]}`)
    ? `<ErrorResponse>${xml}<Error>${xml}</Error></ErrorResponse>`
    : JSON.stringify({ __type: "NotEmulated", message });
  request.resume();
  // The SDK would retry after other statuses.
  response.writeHead(400, { "x-amzn-errortype": "NotEmulated" }).end(body);
}

const agentOf = ({ headers }: IncomingMessage) => `${headers["x-amz-user-agent"]} ${headers["user-agent"]}`;

/** The service's name, which SDKs put into their user agent: `api/secrets_manager#3.700.0`. */
function serviceOf(request: IncomingMessage): string {
  const [, name = "this service"] = /\bapi\/([\w-]+)#/.exec(agentOf(request)) ?? [];
  if (name.length <= 3) return name.toUpperCase();
  return name.replace(/[_-]/g, " ").replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
}
