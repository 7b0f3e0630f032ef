/**
 * Finds the route for a request's method and decoded path as an HTTP API does. Literal segments win over variables,
 * variables over a greedy variable, a method over `ANY`, and everything over `$default`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 *
 * @returns the route, and the values of the path's variables if it has any
 */
export function findRoute<Route extends { routeKey: string }>(routes: Route[], method: string, path: string) {
  const matches = routes.flatMap((route) => {
    const match = matchRoute(route.routeKey, method, path);
    return match ? [{ route, ...match }] : [];
  });
  return matches.sort((one, other) => other.rank - one.rank)[0];
}

function matchRoute(routeKey: string, method: string, path: string) {
  if (routeKey === "$default") return { rank: 0, pathParameters: undefined };
  const [routeMethod, routePath = ""] = routeKey.split(" ");
  if (routeMethod !== method && routeMethod !== "ANY") return undefined;

  const isGreedy = routePath.endsWith("+}");
  const wanted = routePath.split("/");
  const given = path.split("/");
  if (isGreedy ? given.length < wanted.length : given.length !== wanted.length) return undefined;

  let literals = 0;
  const variables: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    const variable = /^\{(.+?)\+?\}$/.exec(segment)?.[1];
    const value = segment.endsWith("+}") ? given.slice(i).join("/") : (given[i] ?? "");
    if (variable && !value) return undefined;
    if (variable) variables[variable] = value;
    else if (segment === given[i]) literals += 1;
    else return undefined;
  }
  const rank = (isGreedy ? 1 : 1000) + 2 * literals + (routeMethod === "ANY" ? 0 : 1);
  return { rank, pathParameters: Object.keys(variables).length > 0 ? variables : undefined };
}

const METHODS = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY";
/** A variable is all of its segment, and a greedy one is the last. A slash at the end is not emulated. */
const ROUTE_KEY = new RegExp(
  `^(${METHODS}) (/|(/[^\\s/?#{}]+|/\\{\\w+\\})+(/\\{\\w+\\+\\})?|/\\{\\w+\\+\\})$`,
);

/** @throws Error for a route key that HTTP APIs refuse */
export function checkRouteKey(routeKey: string): void {
  if (routeKey === "$default" || ROUTE_KEY.test(routeKey)) return;
  throw new Error(`the route key "${routeKey}" is not one such as "GET /items/{id}" or "ANY /files/{path+}"`);
}
