import { describe, expect, test } from "@jest/globals";
import { progressLine, reportLines } from "#gateway/commands/migrate-pierone/report.js";

const SUMMARY = {
  totals: { tags: 25, first: 1, blobs: 50, bytes: 2_500_000_000 },
  ...{ imported: 15, there: 3, refused: 2, failed: 1 },
  ...{ blobs: 31, bytes: 1_710_000_000, mounted: 4, seconds: 4.24, secondsLeft: 3_725 },
};

describe("a migration from Pier One", () => {
  test("says under way how far it is, how fast, and how long it takes", () => {
    expect(progressLine(SUMMARY)).toBe(
      "21 of 25 tags, 15 imported, 3 not, 1.7 GB of at most 2.5 GB, 403.3 MB/s, about 63 min left",
    );
    expect(progressLine({ ...SUMMARY, secondsLeft: 41.2 })).toMatch(/, about 42 s left$/);
    expect(progressLine({ ...SUMMARY, secondsLeft: 9_000 })).toMatch(/, about 2\.5 h left$/);
    expect(progressLine({ ...SUMMARY, secondsLeft: null, bytes: 0 })).toMatch(/, 0 bytes\/s$/);
  });

  test("says in the end what came of it, and that a dry run has written nothing", () => {
    expect(reportLines(SUMMARY, false)).toEqual([
      "tags in Pier One  25, 1 of them of Docker's first registry protocol",
      "imported          15",
      "here already      3",
      "not imported      2, and 1 failed",
      "blobs             31 carried (1.7 GB), 4 mounted",
      "seconds           4.2",
    ]);
    expect(reportLines(SUMMARY, true)).toContain("imported          15 (would be)");
    expect(reportLines(SUMMARY, true).at(-1)).toBe("dry run: nothing was written");
  });
});
