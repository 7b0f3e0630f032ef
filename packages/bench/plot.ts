import { circumstances, price, type VisitResults } from "./report";
import { AT_ONCE } from "./visits";

const width = 880;
const top = 92;
const rowHeight = 44;
const barHeight = 22;
/** Where the columns begin, and how wide the bars may become. */
const latency = { x: 236, width: 270 };
const cost = { x: 584, width: 104 };
const lost = { x: 760 };

const rows = [
  ["our handler", "this project"],
  ["the article: get, add, put"],
  ["express-session + connect-dynamodb"],
  ["express-session + @pwrdrvr/dynamodb-session-store"],
  ["@architect/functions"],
  ["bare UpdateItem", "one UpdateItem and nothing else"],
];

const style = `
  svg { background: #fff }
  text { fill: #1f2328; font: 13px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif }
  .title { font-size: 16px; font-weight: 600 }
  .head, .ours { font-weight: 600 }
  .small { font-size: 11px; fill: #59636e }
  .value.ours { fill: #fff }
  rect { fill: #c8d1da }
  rect.ours { fill: #0969da }
  line { stroke: #1f2328; stroke-width: 1.5 }
  line.axis { stroke: #d1d9e0; stroke-width: 1 }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117 }
    text { fill: #f0f6fc }
    .small { fill: #9198a1 }
    rect { fill: #57606a }
    rect.ours { fill: #1f6feb }
    line { stroke: #f0f6fc }
    line.axis { stroke: #3d444d }
  }
`;

/** A visit's latency, its price and the counts it loses, against the others, as an SVG image for light and dark pages. */
export function plot({ engine, network, units }: VisitResults): string {
  const shown = rows.flatMap(([name = "", label = name]) => {
    const visits = network.find((visit) => visit.name === name);
    const load = visits?.loads[1];
    return visits && load ? [{ label, load, dollars: price(units, name), lost: visits.lost }] : [];
  });
  const slowest = Math.max(...shown.map(({ load }) => load.p75.median));
  const dearest = Math.max(...shown.map(({ dollars }) => dollars || 0));
  const height = top + shown.length * rowHeight + 48;
  const step = [1, 2, 5, 10, 20, 50, 100].find((step) => slowest / step <= 7) ?? 200;
  const end = Math.ceil(slowest / step) * step;
  const x = (milliseconds: number) => round(latency.x + (milliseconds / end) * latency.width);

  const bottom = top + shown.length * rowHeight;
  const ticks = Array.from({ length: end / step + 1 }, (_, i) => i * step).map(
    (tick) =>
      `<line class="axis" x1="${x(tick)}" x2="${x(tick)}" y1="${top - 4}" y2="${bottom}"/>` +
      text(x(tick), bottom + 15, `${tick}`, "small", "middle"),
  );
  const bars = shown.map(({ label, load, dollars, lost: count }, i) => {
    const middle = top + (i + 0.5) * rowHeight;
    const css = i ? "" : "ours";
    const bar = (start: number, length: number) =>
      `<rect class="${css}" x="${start}" y="${middle - barHeight / 2}" width="${round(length)}" height="${barHeight}" rx="2"/>`;
    const [p25 = 0, p50 = 0, p75 = 0] = [load.p25, load.p50, load.p75].map(({ median }) => x(median));
    const priceWidth = ((dollars || 0) / dearest) * cost.width;
    return [
      ...label.split(/(?<= \+) /).map((line, number, lines) => {
        const baseline = middle + 4 + (number - (lines.length - 1) / 2) * 16;
        return text(latency.x - 14, baseline, line, css, "end");
      }),
      bar(latency.x, p50 - latency.x),
      `<line x1="${p25}" x2="${p75}" y1="${middle}" y2="${middle}"/>`,
      ...[p25, p75].map((end) => `<line x1="${end}" x2="${end}" y1="${middle - 5}" y2="${middle + 5}"/>`),
      text(p75 + 6, middle + 4, `p99 ${load.p99.median.toFixed(load.p99.median < 10 ? 1 : 0)}`, "small"),
      text(latency.x + 6, middle + 4, load.p50.median.toFixed(1), `value ${css}`),
      bar(cost.x, priceWidth),
      text(cost.x + priceWidth + 6, middle + 4, dollars ? `$${dollars.toFixed(3)}` : "unknown", css),
      text(lost.x, middle + 4, `${count}`, css),
    ].join("\n");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    "<title>Latency and price of a visit, and lost counts, against the alternatives</title>",
    `<style>${style}</style>`,
    text(16, 28, "A returning visitor's visit, with DynamoDB as far away as in AWS", "title"),
    text(latency.x, 62, "Latency, ms", "head"),
    text(latency.x, 78, "bar: median, line: quartiles, p99: 99th percentile", "small"),
    text(cost.x, 62, "DynamoDB's price", "head"),
    text(cost.x, 78, "per million visits", "small"),
    text(lost.x, 62, "Lost counts", "head"),
    text(lost.x, 78, `of ${AT_ONCE} visits at once`, "small"),
    ...ticks,
    ...bars,
    text(16, height - 10, circumstances(engine), "small"),
    "</svg>\n",
  ].join("\n");
}

const round = (value: number) => Math.round(value * 10) / 10;

const text = (x: number, y: number, content: string, css: string, anchor = "start") =>
  `<text x="${round(x)}" y="${round(y)}" class="${css}" text-anchor="${anchor}">${content}</text>`;
