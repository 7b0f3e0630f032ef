import { parseCookie } from "cookie";

/** A client with a cookie jar. It ignores cookie attributes. */
export function createBrowser(url: string) {
  const jar = new Map<string, string>();
  return {
    jar,
    async visit(
      path = "",
      method = "GET",
      init: { body?: URLSearchParams; headers?: Record<string, string> } = {},
    ) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await fetch(new URL(path, url), {
        method,
        body: init.body,
        redirect: "manual",
        headers: { ...init.headers, ...(cookie && { cookie }) },
      });
      for (const header of response.headers.getSetCookie()) {
        const [pair = ""] = header.split(";");
        for (const [name, value = ""] of Object.entries(parseCookie(pair))) jar.set(name, value);
      }
      return { status: response.status, headers: response.headers, body: await response.text() };
    },
  };
}

/** Reads the session from a page. Without a session, the id is empty. */
export function readPage(body = ""): { id: string; counter: number } {
  const [, id = "", counter] = /^session-id: ([^,]+), counter: (\d+)\b/.exec(body) ?? [];
  return { id, counter: Number(counter) };
}
