import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";

/**
 * Every contender is a Lambda function that exports such a handler:
 *
 * - `GET /` counts a visit and answers with the counter.
 * - `GET /read` only reads, and answers with the names of the session's data.
 * - `GET /change?NAME` adds a value of this name to the session.
 */
export type Handler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

export const tableName = process.env.TABLE_NAME ?? "";

/** An answer that sets the cookie `sid`. */
export const answer = (id: string, body: string) => ({ statusCode: 200, cookies: [`sid=${id}`], body });

/** The session's id in the cookie `sid`, if there is one. */
export const idIn = (cookies: string[] = []) => cookies.find((cookie) => cookie.startsWith("sid="))?.slice(4);
