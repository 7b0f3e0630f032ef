import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";

// Unlike other browsers, WebKit (Safari) keeps a cookie that is `Secure`, or has a prefix that requires it, only from
// HTTPS, even on localhost (https://bugs.webkit.org/show_bug.cgi?id=281149). So Safari gets such cookies in a form that
// it keeps. Functions don't notice.

const isWebKit = ({ headers }: IncomingMessage) =>
  /AppleWebKit\/(?!.*Chrom)/.test(headers["user-agent"] ?? "");

/** The headers of a response, with cookies in a form that the client keeps. */
export function withKeptCookies(headers: OutgoingHttpHeaders, request: IncomingMessage): OutgoingHttpHeaders {
  const cookies = headers["set-cookie"];
  if (!cookies || !isWebKit(request)) return headers;
  const kept = [cookies].flat().map((cookie) => {
    return String(cookie)
      .replace(/^(?=__(Host|Secure)-)/i, "local")
      .replace(/; *secure *(?=;|$)/gi, "");
  });
  return { ...headers, "set-cookie": kept };
}

/** Restores the names that the function gave to a request's cookies. */
export function restoreCookies(request: IncomingMessage): void {
  const { cookie } = request.headersDistinct;
  if (!cookie || !isWebKit(request)) return;
  request.headersDistinct.cookie = cookie.map((line) =>
    line.replace(/(^|; *)local(?=__(Host|Secure)-)/gi, "$1"),
  );
}
