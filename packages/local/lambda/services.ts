import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Starts a server that answers all calls to AWS with the sentence that the service is not emulated. */
export function refuseServices() {
  const server = createServer(refuse);
  const listening = once(server.listen(0, "127.0.0.1"), "listening");
  const endpoint = listening.then(() => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    /** Resolves to the URL at which functions find all services but DynamoDB. */
    endpoint,
    close(): void {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Services with XML in their answers: some use it for all, the others with forms. */
const XML = /^(s3|cloudfront|route_53)$/;

function refuse({ headers }: IncomingMessage, response: ServerResponse): void {
  // As in `api/secrets_manager#3.700.0`.
  const [, service = "this service"] = /\bapi\/([\w-]+)#/.exec(headers["user-agent"] ?? "") ?? [];
  const name = service.length <= 3 ? service.toUpperCase() : service.replaceAll("_", " ");
  const message = `${name} is not emulated by the local run.`;
  const xml = `<Code>NotEmulated</Code><Message>${message}</Message>`;
  const isXml = XML.test(service) || headers["content-type"]?.includes("form");
  const body = isXml
    ? `<ErrorResponse>${xml}<Error>${xml}</Error></ErrorResponse>`
    : JSON.stringify({ __type: "NotEmulated", message });
  // The SDK would try again after other statuses.
  response.writeHead(400, { "x-amzn-errortype": "NotEmulated" }).end(body);
}
