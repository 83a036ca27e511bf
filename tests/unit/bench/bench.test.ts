import { describe, expect, it } from "@jest/globals";
import { plotOf } from "#tests/bench/support/plot.js";
import { cpuSecondsIn, peakIn } from "#tests/bench/support/process-usage.js";
import { linesOf } from "#tests/bench/support/report.js";
import { measure, median, ratio, type Topic } from "#tests/bench/support/topic.js";
import { sampleOf } from "#tests/bench/support/wrk.js";

const WATCH = {
  begin: () => Promise.resolve(1),
  end: () => Promise.resolve({ cpuSeconds: 0.5, peakMebibytes: 80 }),
};

/** Sides whose rounds bring these values, the first of them for nothing. */
function topic(values: Readonly<Record<string, readonly number[]>>): Topic {
  const sides = Object.entries(values).map(([name, rounds]) => {
    let round = 0;
    const next = () => rounds[round++] ?? NaN;
    return { name, run: () => Promise.resolve({ value: next(), count: 10, p50: 1, p99: 3 }) };
  });
  const targets = [
    { what: "gateway / bare", wanted: 8, reached: ratio("gateway", "bare") },
    { what: "at most", wanted: 8, isMost: true, reached: ratio("gateway", "bare") },
  ];
  return { name: "t", title: "a <topic>", unit: "/s", sides, targets };
}

describe("the bench", () => {
  it("takes the median of the rounds that count, and holds targets against it", async () => {
    const row = await measure(
      topic({ gateway: [1, 90, 100, 5_000], bare: [1, 10, 9, 11] }),
      { rounds: 3, warmsUp: true },
      WATCH,
    );
    expect(row.sides.map(({ median: { value } }) => value)).toEqual([100, 10]);
    expect(row.targets.map(({ reached, isReached }) => [reached, isReached])).toEqual([
      [10, true],
      [10, false],
    ]);
    expect(row.used).toEqual({ cpuSeconds: 1.5, microsecondsEach: 50_000, peakMebibytes: 80 });
    expect(linesOf([row]).join("\n")).toContain("MISSED  at most: 10.0, wanted ≤ 8");
  });

  it("draws a bar for each side and a mark for each round", async () => {
    const picture = plotOf(
      await measure(
        topic({ gateway: [1, 2, 3], bare: [1, 2, 3] }),
        { rounds: 2, warmsUp: false },
        WATCH,
      ),
    );
    expect(picture).toContain("a &lt;topic&gt;");
    expect(picture.match(/<rect x=/g)).toHaveLength(2);
    expect(picture.match(/<line /g)).toHaveLength(4);
  });

  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
  ])("says of %j that %d is in the middle", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("reads what wrk counted, and refuses a run with failed requests", () => {
    const line = (failed: number) =>
      `Running 1s test\n{"requests":500,"microseconds":2000000,"bytes":8000000,"failed":${failed},"p50":1500,"p99":4000}\n`;
    expect(sampleOf(line(0), false)).toEqual({ value: 250, count: 500, p50: 1.5, p99: 4 });
    expect(sampleOf(line(0), true).value).toBe(4);
    expect(() => sampleOf(line(2), false)).toThrow("2 of 500 requests failed");
  });

  it("reads processor time and memory as the kernel writes them", () => {
    const fields = Array.from({ length: 50 }, (_, i) => String(i));
    expect(cpuSecondsIn(`12 (a ) name) S ${fields.join(" ")}`)).toBeCloseTo((10 + 11) / 100);
    expect(peakIn("Name:\tnode\nVmHWM:\t  102400 kB\nVmRSS:\t 51200 kB\n")).toBe(100);
  });
});
