import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import fc from "fast-check";
import { print } from "../../../cli/src/output/print.js";
import type { Form, ShownList } from "../../../cli/src/output/shown.js";
import { terminalOf } from "../../../cli/src/output/terminal.js";
import { yamlOf } from "../../../cli/src/output/yaml.js";

const LIST: ShownList = {
  kind: "list",
  columns: [{ key: "tag", kind: "name" }, { key: "size", kind: "bytes" }, { key: "note" }],
  rows: [
    { tag: "1.0", size: 2_048, note: "a\tb\nc" },
    { tag: "1.1", size: 1, note: null },
  ],
  empty: "no tags",
};

function printed(form: Form | null, { isInteractive = false, rows = LIST.rows } = {}) {
  const written = { out: "", err: "" };
  const into = (name: "out" | "err") => ({ write: (text: string) => (written[name] += text) });
  const looks = { isInteractive, showsProgress: false, width: 80, hasColours: false };
  print({ out: into("out"), err: into("err"), ...looks }, { ...LIST, rows }, form);
  return written;
}

describe("results", () => {
  test("are a table on a terminal, and tab-separated values without heads in a pipe", () => {
    expect(printed(null, { isInteractive: true }).out).toMatch(
      /^TAG +SIZE {2}NOTE\n1\.0 +2\.0 KiB {2}a\\tb\\nc\n/,
    );
    expect(printed(null).out).toBe("1.0\t2048\ta\\tb\\nc\n1.1\t1\t\n");
  });

  test("are what was asked for, wherever they go", () => {
    expect(JSON.parse(printed("json", { isInteractive: true }).out)).toEqual(LIST.rows);
    expect(parse(printed("yaml").out)).toEqual(LIST.rows);
    expect(printed("table").out).toMatch(/^TAG/);
  });

  test("that are none are no line, and a word on standard error where somebody looks", () => {
    expect(printed(null, { rows: [] })).toEqual({ out: "", err: "" });
    expect(printed(null, { rows: [], isInteractive: true })).toEqual({ out: "", err: "no tags\n" });
    expect(printed("json", { rows: [] }).out).toBe("[]\n");
  });
});

test("colours are for terminals alone, and for none with NO_COLOR", () => {
  const colours = (isTTY: boolean, env: Record<string, string>) => {
    const stream = { isTTY, columns: 80, write: () => true };
    return terminalOf({ out: stream, err: stream }, env).hasColours;
  };
  expect(colours(true, {})).toBe(true);
  expect(colours(false, {})).toBe(false);
  expect(colours(true, { NO_COLOR: "1" })).toBe(false);
  expect(colours(true, { TERM: "dumb" })).toBe(false);
});

test("whatever JSON can say is read from YAML as the same", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.stringify(parse(yamlOf(value)))).toBe(JSON.stringify(value));
    }),
  );
  expect(yamlOf({ no: "yes", version: "1.0", tags: ["a", "1"] })).toBe(
    '"no": "yes"\nversion: "1.0"\ntags:\n  - a\n  - "1"',
  );
});
