import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { LOCALE, T } from "../texts/texts.js";

const HEIGHT = 220;
/** So that the first and the last bar have room, in seconds. */
const HALF_A_DAY = 43_200;
const WIDTH_OF_BARS = 0.7;
const MOST_BAR_PIXELS = 40;
/** Steps of an axis: nothing is pulled half a time. */
const WHOLE_NUMBERS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6];
const dates = new Intl.DateTimeFormat(LOCALE, { month: "short", day: "numeric", timeZone: "UTC" });

/**
 * @param host - what it is drawn in, as wide as that is
 * @param days - what is drawn
 * @returns takes it away
 */
export function drawBars(
  host: HTMLElement,
  days: readonly { readonly day: string; readonly pulls: number }[],
): () => void {
  const data: uPlot.AlignedData = [
    days.map(({ day }) => Date.parse(day) / 1_000),
    // What is nothing has no bar.
    days.map(({ pulls }) => (pulls === 0 ? null : pulls)),
  ];
  let plot = new uPlot(optionsFor(host), data, host);
  const sized = new ResizeObserver(() => {
    plot.setSize({ width: host.clientWidth, height: HEIGHT });
  });
  sized.observe(host);
  // A canvas does not hear of colours.
  const again = () => {
    plot.destroy();
    plot = new uPlot(optionsFor(host), data, host);
  };
  const themes = [
    matchMedia("(prefers-color-scheme: dark)"),
    matchMedia("(prefers-contrast: more)"),
  ];
  for (const theme of themes) theme.addEventListener("change", again);
  return () => {
    sized.disconnect();
    for (const theme of themes) theme.removeEventListener("change", again);
    plot.destroy();
  };
}

function optionsFor(host: HTMLElement): uPlot.Options {
  // As the browser makes them of the theme: the style sheet has the colour of bars as that of the caret.
  const { color: text, caretColor: bar } = getComputedStyle(host);
  const axis = { stroke: text, grid: { show: false }, ticks: { show: false } };
  const bars = uPlot.paths.bars?.({ size: [WIDTH_OF_BARS, MOST_BAR_PIXELS] });
  return {
    width: host.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    // Days are those of UTC, and so are the marks of the axis.
    tzDate: (at) => uPlot.tzDate(new Date(at * 1_000), "UTC"),
    scales: {
      x: { range: (_plot, min, max) => [min - HALF_A_DAY, max + HALF_A_DAY] },
      y: { range: (_plot, _min, max) => [0, Math.max(1, max)] },
    },
    axes: [
      { ...axis, values: (_plot, splits) => splits.map((at) => dates.format(at * 1_000)) },
      { ...axis, grid: { stroke: text, width: 0.2 }, incrs: WHOLE_NUMBERS },
    ],
    series: [
      {},
      {
        label: T.pulls,
        fill: bar,
        stroke: bar,
        points: { show: false },
        ...(bars && { paths: bars }),
      },
    ],
  };
}
