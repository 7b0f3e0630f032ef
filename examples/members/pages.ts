import { createHash } from "node:crypto";
import type { Data } from "./handler";

/** HTML that is safe to send. */
export interface Page {
  text: string;
}

/** Escapes every value except for HTML from this same function, and lists of it. */
function html(parts: TemplateStringsArray, ...values: (string | number | Page | Page[])[]): Page {
  const texts = values.map((value) => {
    if (Array.isArray(value)) return value.map(({ text }) => text).join("");
    return typeof value === "object"
      ? value.text
      : `${value}`.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  });
  return { text: String.raw({ raw: parts }, ...texts) };
}

const style = `
  :root { color-scheme: light dark; --line: light-dark(#d9d4cb, #3b3f46); --accent: light-dark(#0b6e4f, #6fd3ae) }
  [data-theme=light] { color-scheme: light }
  [data-theme=dark] { color-scheme: dark }
  * { box-sizing: border-box }
  body { max-width: 34rem; margin: 0 auto; padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif;
    color: light-dark(#23262b, #e8e6e1); background: light-dark(#f7f4ee, #17191d) }
  header, footer, form, li { display: flex; gap: .5rem; align-items: center }
  header, footer, li { justify-content: space-between; flex-wrap: wrap }
  a { color: inherit; text-decoration: none; font-weight: 600 }
  section { margin: 1.5rem 0; padding: 1.25rem; border: 1px solid var(--line); border-radius: .75rem;
    background: light-dark(#fff, #1f2227) }
  h1 { margin: 0 0 1rem; font-size: 1.3rem }
  ul { margin: 1rem 0 0; padding: 0; list-style: none }
  li { padding: .5rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere }
  li span { flex: 1 }
  input, button { font: inherit; padding: .4rem .8rem; border: 1px solid var(--line); border-radius: .5rem;
    color: inherit; background: transparent; min-width: 0 }
  input { flex: 1 }
  button { cursor: pointer }
  button:hover, [aria-pressed=true] { border-color: var(--accent); color: var(--accent) }
  .main { background: var(--accent); border-color: var(--accent); color: light-dark(#fff, #10231c); font-weight: 600 }
  .main:hover { color: light-dark(#fff, #10231c) }
  [role=status] { padding: .75rem 1.25rem; border-left: .25rem solid var(--accent) }
  small, footer { opacity: .8 }
`;

/** Allows this style and our own forms, and nothing else. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const layout = (content: Page, theme = "system"): Page => html`<!doctype html>
<html lang="en" data-theme="${theme}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Corner shop</title>
<style>${{ text: style }}</style>
${content}
</html>`;

/** A page with one message. */
export const notice = (text: string) =>
  layout(html`<section><h1>${text}</h1><a href="/">Back to the shop</a></section>`);

/** The names and counts of the cart's contents. */
export const cartOf = (data: Partial<Data>) =>
  Object.entries(data)
    .filter(([name]) => name.startsWith("cart/"))
    .map(([name, count]) => ({ name: name.slice("cart/".length), count: Number(count) }))
    .sort((a, b) => a.name.localeCompare(b.name));

/** The shop, as a visitor with this data sees it. The query says what a logout has done. */
export function home(data: Partial<Data>, query: Record<string, string | undefined>): Page {
  return layout(
    html`
    <header><a href="/">Corner shop</a> ${data.user ? members(data.user) : html`<small>Guest</small>`}</header>
    ${farewell(query)}
    <section>
      <h1>Your cart</h1>
      <form method="post" action="/cart">
        <input name="item" aria-label="Item" placeholder="What would you like?" maxlength="40" required>
        <button class="main">Add</button>
      </form>
      <ul>${cartOf(data).map(item)}</ul>
    </section>
    ${data.user ? html`` : login}
    <footer>
      <form method="post" action="/theme">Theme ${themes.map((theme) => themeButton(theme, data.theme))}</form>
      <a href="/me">/me</a>
    </footer>`,
    data.theme,
  );
}

const item = ({ name, count }: { name: string; count: number }) => html`
  <li><span>${name}</span> × ${count}
    <form method="post" action="/cart">
      <input type="hidden" name="item" value="${name}">
      <button aria-label="Add one">+</button> <button name="action" value="remove">Remove</button>
    </form>
  </li>`;

const members = (user: string) => html`
  <form method="post" action="/logout">${user}
    <button>Log out</button> <button formaction="/logout-everywhere">Log out everywhere</button>
  </form>`;

const login = html`
  <section>
    <h1>Members</h1>
    <form method="post" action="/login">
      <input name="user" aria-label="User name" placeholder="User name" autocomplete="username" required>
      <button class="main">Log in</button>
    </form>
  </section>`;

const themes = ["system", "light", "dark"];

const themeButton = (theme: string, current = "system") =>
  html`<button name="theme" value="${theme}" aria-pressed="${String(theme === current)}">${theme}</button>`;

/** What a logout has done, from the address to which it redirected. */
function farewell({ ended = "", from }: Record<string, string | undefined>): Page {
  if (!/^\d{1,6}$/.test(ended)) return html``;
  if (ended === "0") return html`<p role="status">You weren’t logged in, so no session has ended.</p>`;
  if (!from) return html`<p role="status">You are logged out.</p>`;
  const sessions = ended === "1" ? "1 session has" : `${ended} sessions have`;
  return html`<p role="status">${sessions} ended. A login of a moment ago may not be among them.</p>`;
}
