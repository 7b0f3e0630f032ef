import type { Visits } from "./visits";
import { PARALLEL } from "./visits";

const width = 860;
const height = 400;
const left = 60;
const right = 340;
const top = 40;
const bottom = 50;
const colors = ["#888888", "#bbbbbb", "#d62728", "#ff9896", "#1f77b4", "#2ca02c", "#98df8a", "#9467bd"];

/** Median latency against the number of parallel visitors as an SVG image, both on logarithmic scales. */
export function plotLatency(visits: Visits[]): string {
  const medians = visits.flatMap(({ loads }) => PARALLEL.map((parallel) => loads[parallel]?.p50.median ?? 1));
  const decades = [Math.floor(Math.log10(Math.min(...medians))), Math.ceil(Math.log10(Math.max(...medians)))];
  const [lowest = 0, highest = 1] = decades;
  const x = (parallel: number) =>
    left + (Math.log(parallel) / Math.log(Math.max(...PARALLEL))) * (width - left - right);
  const y = (milliseconds: number) => {
    const share = (Math.log10(milliseconds) - lowest) / (highest - lowest);
    return Math.round(height - bottom - share * (height - top - bottom));
  };

  const ticks = Array.from({ length: highest - lowest + 1 }, (_, i) => 10 ** (lowest + i));
  const axes = [
    ...ticks.map(
      (tick) =>
        `<path d="M${left} ${y(tick)}H${width - right}" stroke="#ddd"/>` +
        `<text x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick} ms</text>`,
    ),
    ...PARALLEL.map(
      (parallel) =>
        `<text x="${x(parallel)}" y="${height - bottom + 20}" text-anchor="middle">${parallel}</text>`,
    ),
    `<text x="${(left + width - right) / 2}" y="${height - 10}" text-anchor="middle">parallel visitors</text>`,
    `<text x="${left}" y="20">Median latency of a visit</text>`,
  ];
  const lines = visits.map(({ name, loads }, i) => {
    const points = PARALLEL.map(
      (parallel) => `${x(parallel).toFixed(1)},${y(loads[parallel]?.p50.median ?? 1)}`,
    );
    const legend = top + 10 + i * 22;
    const stroke = `stroke="${colors[i % colors.length]}" stroke-width="${name === "our handler" ? 4 : 2}"`;
    return (
      `<polyline points="${points.join(" ")}" fill="none" ${stroke}/>` +
      `<path d="M${width - right + 15} ${legend}h24" ${stroke}/>` +
      `<text x="${width - right + 46}" y="${legend + 4}">${name}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    "<title>Median latency of a visit against parallel visitors</title>",
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...axes,
    ...lines,
    "</svg>\n",
  ].join("\n");
}
