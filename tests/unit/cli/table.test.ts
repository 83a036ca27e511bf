import { describe, expect, test } from "@jest/globals";
import type { Column } from "../../../cli/src/output/shown.js";
import { tableOf } from "../../../cli/src/output/table.js";

const DIGEST = `sha256:${"ab12".repeat(16)}`;
const COLUMNS: readonly Column[] = [
  { key: "tag", kind: "name" },
  { key: "digest", kind: "digest" },
  { key: "size", kind: "bytes", drop: 3 },
  { key: "pushed", kind: "time", drop: 2 },
  { key: "by" },
  { key: "from", drop: 4 },
];
const ROWS = [
  {
    ...{ tag: "1.0", digest: DIGEST, size: 1_536, pushed: "2026-11-27T10:34:44.123Z" },
    ...{ by: "alice", from: "git:git@example.org:alpha/app.git" },
  },
  {
    tag: "10.0.0-SNAPSHOT",
    digest: DIGEST,
    size: 12,
    pushed: null,
    by: "github:acme/app",
    from: "",
  },
];

const draw = (width: number | null) => tableOf(COLUMNS, ROWS, { width, hasColours: false });

describe("a table", () => {
  test("is as wide as it takes where nobody looks", () => {
    const { lines, left } = draw(null);
    expect(lines[1]).toContain(DIGEST);
    expect(lines[1]).toContain("1.5 KiB  2026-11-27T10:34:44Z  alice");
    expect(lines[2]).toMatch(/12 B {2}- +github:acme\/app {2}-$/);
    expect(left).toEqual([]);
  });

  test.each([160, 120, 100, 80, 60])(
    "fits a terminal of %d columns, and names stay whole",
    (width) => {
      const { lines } = draw(width);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
      expect(lines[2]).toMatch(/^10\.0\.0-SNAPSHOT /);
    },
  );

  test("shortens digests first, then times, then cuts texts, then leaves columns out and says which", () => {
    expect(draw(160).lines[1]).toContain("sha256:ab12ab12ab12 ");
    expect(draw(110).lines[1]).toContain(" 2026-11-27 10:34 ");
    expect(draw(100).lines[1]).toMatch(/git:git@exa.*…$/);
    const { lines, left } = draw(80);
    expect(lines[0]).not.toContain("FROM");
    expect(left).toEqual(["from"]);
  });

  test("shows nothing that would move the cursor, and counts columns of wide letters", () => {
    const rows = [{ name: "\u001b[2Jevil\r\n\u202e" }, { name: "港の台帳" }];
    const { lines } = tableOf([{ key: "name" }, { key: "x" }], rows, {
      width: 80,
      hasColours: false,
    });
    expect(lines[1]).toBe("\\u001b[2Jevil\\u000d\\n\\u202e  -");
    expect(lines[2]).toBe(`港の台帳${" ".repeat(21)}-`);
  });
});
