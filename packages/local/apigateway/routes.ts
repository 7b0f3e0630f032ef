/** A route that matches a request. */
export interface RouteMatch<Route> {
  route: Route;
  /** The values of the path's variables, if it has any. */
  pathParameters?: Record<string, string>;
}

/**
 * Finds the route for a request's method and decoded path as an HTTP API does. Literal segments win over variables,
 * variables over a greedy variable, a method over `ANY`, and everything over `$default`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function findRoute<Route extends { routeKey: string }>(
  routes: Iterable<Route>,
  method: string,
  path: string,
): RouteMatch<Route> | undefined {
  let best: (RouteMatch<Route> & { rank: number }) | undefined;
  for (const route of routes) {
    const match = matchRoute(route.routeKey, method, path);
    if (match && (!best || match.rank > best.rank)) best = { route, ...match };
  }
  return best;
}

function matchRoute(routeKey: string, method: string, path: string) {
  if (routeKey === "$default") return { rank: 0 };
  const [routeMethod, routePath = ""] = routeKey.split(" ");
  if (routeMethod !== method && routeMethod !== "ANY") return undefined;

  const isGreedy = routePath.endsWith("+}");
  const wanted = routePath.split("/");
  const given = path.split("/");
  if (isGreedy ? given.length < wanted.length : given.length !== wanted.length) return undefined;

  let literals = 0;
  const variables: [string, string][] = [];
  for (const [i, segment] of wanted.entries()) {
    const variable = /^\{(.+?)\+?\}$/.exec(segment)?.[1];
    const value = segment.endsWith("+}") ? given.slice(i).join("/") : (given[i] ?? "");
    if (variable && !value) return undefined;
    if (variable) variables.push([variable, value]);
    else if (segment === given[i]) literals += 1;
    else return undefined;
  }
  const rank = (isGreedy ? 1 : 1000) + 2 * literals + (routeMethod === "ANY" ? 0 : 1);
  return variables.length > 0 ? { rank, pathParameters: Object.fromEntries(variables) } : { rank };
}

/** @throws Error that says what is wrong with a route key */
export function checkRouteKey(routeKey: string): void {
  if (routeKey === "$default") return;
  const [, path = ""] = /^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) (\/[^\s?#]*)$/.exec(routeKey) ?? [];
  const variables = path.split("/").filter((segment) => /[{}]/.test(segment));
  const names = variables.map((segment) => segment.replace(/\W/g, ""));
  const problem =
    (!path && 'is not one such as "GET /items/{id}"') ||
    (/.\/$/.test(path) && "ends with a slash, which is not emulated") ||
    (!variables.every((segment) => /^\{\w+\+?\}$/.test(segment)) &&
      "has a variable unlike {id} or {path+}") ||
    (/\+\}./.test(path) && "has a greedy variable that is not its last segment") ||
    (new Set(names).size < names.length && "has the same variable twice");
  if (problem) throw new Error(`the route key "${routeKey}" ${problem}`);
}
