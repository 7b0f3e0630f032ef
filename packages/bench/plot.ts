// The picture that people see first: what a visit costs, as an SVG image for light and dark pages.

import { OURS } from "./archives";
import { MEMORIES } from "./billed";
import { priceOfTime } from "./lambda";
import { circumstances, priceOf, type Result } from "./report";
import { AT_ONCE } from "./visits";

const width = 880;
const top = 108;
const rowHeight = 62;
const bar = { height: 13, distance: 16 };
/** Where the columns begin, and how wide the longest bar may become. */
const time = { x: 246, width: 225 };
const price = { x: 572, width: 125 };
const lost = { x: 792 };

const fills = (page: string, words: string, small: string, bars: string[]) => `
  svg { background: ${page} } text { fill: ${words} } .small { fill: ${small} }
  rect { fill: ${bars[0]} } .second { fill: ${bars[1]} }
  rect.ours { fill: ${bars[2]} } .ours.second { fill: ${bars[3]} }`;

const style = `
  text { font: 13px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif }
  .title { font-size: 16px; font-weight: 600 } .head, .ours { font-weight: 600 } .small { font-size: 11px }
  ${fills("#fff", "#1f2328", "#59636e", ["#c8d1da", "#9ba7b4", "#0969da", "#54aeff"])}
  @media (prefers-color-scheme: dark) {
    ${fills("#0d1117", "#f0f6fc", "#9198a1", ["#57606a", "#818b95", "#1f6feb", "#79c0ff"])}
  }
`;

const caption =
  "Simulated, not measured on AWS: Lambda's CPU quotas, and DynamoDB at the distance measured in AWS";

/** Lambda's billed time at each memory size, the price at 256 MB, and the changes that each contender loses. */
export function plot(results: Result[], engine: string): string {
  const [floor, ...others] = results;
  const shown = [...others, ...(floor ? [floor] : [])].map(({ name, billed, units, lost: { changes } }) => ({
    name,
    css: name === OURS ? "ours" : "",
    milliseconds: billed.map(({ alone }) => alone.median),
    dynamodb: priceOf(units.visit),
    lambda: priceOfTime(256, billed[MEMORIES.indexOf(256)]?.alone.median ?? 0),
    changes,
  }));
  const slowest = Math.max(...shown.flatMap(({ milliseconds }) => milliseconds));
  const dearest = Math.max(...shown.map(({ dynamodb, lambda }) => dynamodb + lambda));
  const height = top + shown.length * rowHeight + 30;

  const rows = shown.flatMap(({ name, css, milliseconds, dynamodb, lambda, changes }, row) => {
    const middle = top + (row + 0.5) * rowHeight;
    const scale = price.width / dearest;
    return [
      ...name.split(/(?<= \+) /).map((line, i, lines) => {
        return text(16, middle + 4 + (i - (lines.length - 1) / 2) * 16, line, css);
      }),
      ...milliseconds.flatMap((value, i) => {
        const y = middle + (i - 1) * bar.distance;
        const length = (value / slowest) * time.width;
        return [
          text(time.x - 6, y + 4, `${MEMORIES[i]} MB`, "small", "end"),
          rect(time.x, y, length, css),
          text(time.x + length + 6, y + 4, value.toFixed(1), `small ${css}`),
        ];
      }),
      rect(price.x, middle, dynamodb * scale, css),
      rect(price.x + dynamodb * scale, middle, lambda * scale, `${css} second`),
      text(price.x + (dynamodb + lambda) * scale + 6, middle + 4, `$${(dynamodb + lambda).toFixed(2)}`, css),
      text(lost.x, middle + 4, `${changes}`, css),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    "<title>Billed time and price of a visit, and lost changes, against the alternatives</title>",
    `<style>${style}</style>`,
    text(16, 28, "What a returning visitor's visit costs", "title"),
    text(16, 46, caption, "small"),
    text(time.x, 76, "Billed milliseconds", "head"),
    text(time.x, 92, "by the function's memory; visits after a pause", "small"),
    text(price.x, 76, "A million visits", "head"),
    text(price.x, 92, "DynamoDB + time at 256 MB", "small"),
    text(lost.x, 76, "Lost", "head"),
    text(lost.x, 92, `of ${AT_ONCE} changes`, "small"),
    ...rows,
    text(16, height - 10, circumstances(engine), "small"),
    "</svg>\n",
  ].join("\n");
}

const round = (value: number) => Math.round(value * 10) / 10;

function rect(x: number, middle: number, width: number, css: string): string {
  const { height } = bar;
  const size = `width="${round(width)}" height="${height}"`;
  return `<rect class="${css}" x="${round(x)}" y="${middle - height / 2}" ${size}/>`;
}

const text = (x: number, y: number, content: string, css: string, anchor = "start") =>
  `<text x="${round(x)}" y="${round(y)}" class="${css}" text-anchor="${anchor}">${content}</text>`;
