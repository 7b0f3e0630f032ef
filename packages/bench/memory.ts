/** Milliseconds per visit and dollars per million visits at a memory size. */
export interface Point {
  memory: number;
  first: number;
  busy: number;
  alone: number;
  price: number;
}

const [width, height, left, right, top, bottom] = [720, 310, 60, 200, 30, 60];
const lines = { first: "first visit of an instance", busy: "busy instance, p50", alone: "alone, p50" };

/** Draws visit times and prices by memory size, as an SVG image for light and dark pages. */
export function plotMemory(points: Point[]): string {
  const x = (i: number) => left + (i / (points.length - 1)) * (width - left - right);
  // Milliseconds from 5 to 200, on a logarithmic scale.
  const y = (ms: number) => height - bottom - (Math.log(ms / 5) / Math.log(40)) * (height - top - bottom);
  const text = (x: number, y: number, anchor: string, content: string, series = "plain") =>
    `<text class="${series}" x="${x.toFixed(0)}" y="${y.toFixed(0)}" text-anchor="${anchor}">${content}</text>`;

  const axes = [
    ...[5, 10, 20, 50, 100, 200].map(
      (ms) =>
        `<path class="grid" d="M${left} ${y(ms).toFixed(0)}H${width - right}"/>${text(left - 8, y(ms) + 4, "end", `${ms} ms`)}`,
    ),
    ...points.flatMap(({ memory, price }, i) => [
      text(x(i), height - bottom + 20, "middle", `${memory} MB`),
      text(x(i), height - bottom + 38, "middle", `$${price.toFixed(2)}`),
    ]),
    text(
      left,
      16,
      "start",
      "How long a visit takes at each memory size, and Lambda's price per million visits",
    ),
  ];
  const keys = Object.keys(lines) as (keyof typeof lines)[];
  const end = (key: keyof typeof lines) => y(points.at(-1)?.[key] ?? 5);
  let lowest = 0;
  const curves = keys
    .sort((one, other) => end(one) - end(other))
    .map((key) => {
      const path = points.map((point, i) => `${x(i).toFixed(0)},${y(point[key]).toFixed(0)}`);
      // Below the label before, where they would touch.
      lowest = Math.max(end(key) + 4, lowest + 15);
      const label = text(width - right + 10, lowest, "start", lines[key], key);
      return `<polyline class="${key}" points="${path.join(" ")}"/>${label}`;
    });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    "<title>Visit times by memory size</title>",
    "<style>",
    "polyline { fill: none; stroke: currentColor; stroke-width: 3 } .grid { stroke: currentColor } text { fill: currentColor }",
    ".plain { color: #24292f } .grid { color: #d0d7de }",
    ".first { color: #d1242f } .busy { color: #9a6700 } .alone { color: #0969da }",
    "@media (prefers-color-scheme: dark) { .plain { color: #e6edf3 } .grid { color: #3d444d }",
    ".first { color: #ff7b72 } .busy { color: #d29922 } .alone { color: #58a6ff } }",
    "</style>",
    ...axes,
    ...curves,
    "</svg>\n",
  ].join("\n");
}
