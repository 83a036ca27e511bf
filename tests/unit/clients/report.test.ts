import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { format, resolveConfig } from "prettier";
import type { Entry } from "#tests/clients/matrix.js";
import { clientsDocument, isAsWanted, type Measured } from "#tests/clients/report.js";
import { wordsOf } from "#tests/clients/words.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const entry = (job: Entry["job"], ok: boolean, words = ""): Entry => ({
  ...{ client: "tool", version: "1.2", job, ok, words },
});

test("docs/clients.md is what was measured", async () => {
  const folder = join(REPOSITORY_ROOT, "tests", "clients", "measured");
  const measured = readdirSync(folder)
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Measured);
  const file = join(REPOSITORY_ROOT, "docs", "clients.md");
  const options = { ...(await resolveConfig(file)), filepath: file };
  expect(await format(clientsDocument(measured), options)).toBe(readFileSync(file, "utf8"));
});

describe("the document of what clients do", () => {
  const measured = (registry: string, gateway: Entry[]): Measured => ({
    ...{ registry, gateway, bare: gateway.map(({ job }) => entry(job, true)) },
  });

  test("has one row for registries that are alike, and one for each that is not", () => {
    const text = clientsDocument([
      measured("2.8.2", [entry("push", true), entry("pull", true)]),
      measured("3.1.1", [entry("push", true), entry("pull", false, "no | pipe")]),
    ]);
    expect(text).toContain("| pushes an image | 2.8.2, 3.1.1 | done | done |");
    expect(text).toContain("| pulls | 2.8.2 | done | done |");
    expect(text).toContain("| pulls | 3.1.1 | **failed**: `no \\| pipe` | done |");
  });

  test("says so where nothing was refused that has to be", () => {
    const text = clientsDocument([measured("2.8.2", [entry("other", true)])]);
    expect(text).toContain("| **not refused** | done |");
    expect(isAsWanted(entry("other", true), true)).toBe(false);
    expect(isAsWanted(entry("other", true), false)).toBe(true);
    expect(isAsWanted(entry("other", false), true)).toBe(true);
    expect(isAsWanted(entry("push", false), true)).toBe(false);
  });

  test("says of a client that was not run where its requests are from", () => {
    const made = { ...entry("push", true), reenacted: "its source" };
    expect(clientsDocument([measured("2.8.2", [made])])).toContain(
      "Version 1.2, **re-enacted** from its source.",
    );
  });
});

describe("what a user reads", () => {
  test.each([
    [
      "Getting image source signatures\nCopying blob 0123\nError: denied: may not push\n",
      "Error: denied: may not push",
    ],
    ["\u001b[31mDENIED\u001b[0m at 127.0.0.1:5000", "DENIED at registry"],
    [`manifest sha256:${"a".repeat(64)} is gone`, "manifest sha256:… is gone"],
    ["2026/11/26 18:49:28 pushed at 2026-11-26T18:49:28.123Z", "(time) pushed at (time)"],
    ["a\nb\nc\nd", "b / c / d"],
    ["stat /tmp/x-Ab12/auth.json: no such file", "stat (folder) no such file"],
    ["x".repeat(400), `${"x".repeat(299)}…`],
    ["", ""],
  ])("is the last of what is printed, the same each time: %j", (output, words) => {
    expect(wordsOf(output, "127.0.0.1:5000")).toBe(words);
  });
});
