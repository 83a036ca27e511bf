import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { REPOSITORY_ROOT, SOURCE_FOLDERS, sourceFiles } from "#tests/support/source-tree.js";

/** What asks, waits or looks again. */
const AGAIN =
  /\b(?:repeating|lookingAgain|lastingWarning|lastingFailure|setInterval|persistently|untilTold|askAgain|untilSettled)\(|(?<![.\w])pause\(|waiting\.pause\(|attempt \+= 1/;
/** They try nothing again themselves. */
const NO_LOOPS: readonly string[] = [
  // What loops are made of.
  "service-kit/src/lasting-failure.ts",
  "service-kit/src/repeating.ts",
  // Bounds on a request, and on how long a process waits for them when it ends.
  "service-kit/src/http/drain.ts",
  "service-kit/src/http/headway.ts",
  "service-kit/src/http/small-body.ts",
  // Hand a pause on.
  "gateway/src/wiring/ledger.ts",
  "gateway/src/wiring/repair.ts",
];

const sources = sourceFiles([...SOURCE_FOLDERS, "deploy"]);
const rows = readFileSync(join(REPOSITORY_ROOT, "docs/retries.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()));

describe("docs/retries.md", () => {
  test("has a row for each file that tries, waits or looks again, and for no other", () => {
    const looping = sources
      .filter(({ path, text }) => AGAIN.test(text) && !NO_LOOPS.includes(path))
      .map(({ path }) => path);
    const told = rows.map(([, path = ""]) => path.replaceAll("`", ""));
    expect([...told].sort()).toEqual([...looping].sort());
  });

  test("names an end or an alarm for each that tries anything", () => {
    const without = rows.filter(([, , what = "", end = "", alarm = ""]) => {
      return !what.startsWith("nothing") && `${end}${alarm}` === "";
    });
    expect(without).toEqual([]);
  });

  test("names alarms that the code gives", () => {
    const code = sources.map(({ text }) => text).join("\n");
    const named = rows.flatMap(([, , , , alarm = ""]) =>
      [...alarm.matchAll(/`([a-z]+[._-][a-z_.-]*[a-z])`/g)].map(([, name = ""]) => name),
    );
    expect(named.filter((name) => !code.includes(`"${name}"`))).toEqual([]);
  });
});
