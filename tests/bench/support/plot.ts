import { rounded } from "./report.js";
import type { Row } from "./topic.js";

const [WIDTH, LINE, LEFT, RIGHT, TOP] = [720, 34, 150, 110, 48] as const;

/**
 * @param row - what was measured
 * @returns a picture of it (SVG): a bar for each side's median, and a mark for each round
 */
export function plotOf({ title, unit, sides }: Row): string {
  const most = Math.max(...sides.flatMap(({ rounds }) => rounds.map(({ value }) => value)), 1e-9);
  const at = (value: number) => ((WIDTH - LEFT - RIGHT) * value) / most;
  const bars = sides.map(({ name, median, rounds }, index) => {
    const y = TOP + index * LINE;
    const marks = rounds.map(
      ({ value }) =>
        `<line x1="${px(LEFT + at(value))}" x2="${px(LEFT + at(value))}" y1="${y}" y2="${y + 22}" stroke="#222" stroke-width="1"/>`,
    );
    return [
      `<text x="${LEFT - 8}" y="${y + 16}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${px(at(median.value))}" height="22" fill="${index === 0 ? "#2b6cb0" : "#a0aec0"}"/>`,
      ...marks,
      `<text x="${px(LEFT + at(most) + 8)}" y="${y + 16}">${rounded(median.value)} ${escaped(unit)}</text>`,
    ].join("\n");
  });
  const height = TOP + sides.length * LINE + 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="16" y="26" font-size="16">${escaped(title)}</text>`,
    ...bars,
    "</svg>",
    "",
  ].join("\n");
}

function px(value: number): string {
  return (Number.isFinite(value) ? value : 0).toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
