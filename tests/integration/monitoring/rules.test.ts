import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { runProgram } from "#local/processes/run-program.js";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

interface Rule {
  readonly alert?: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly summary?: string };
}
interface RuleTest {
  readonly name: string;
  readonly alert_rule_test: readonly {
    readonly alertname: string;
    readonly exp_alerts?: readonly object[];
  }[];
}

const FOLDER = join(REPOSITORY_ROOT, "deploy", "monitoring", "prometheus");
const read = (...path: string[]) => readFileSync(join(FOLDER, ...path), "utf8");
const filesIn = (folder: string) => readdirSync(join(FOLDER, folder)).sort();

const RULES = filesIn("rules").flatMap((file) =>
  (parse(read("rules", file)) as { groups: { rules: Rule[] }[] }).groups.flatMap(
    ({ rules }) => rules,
  ),
);
const ALERTS = RULES.flatMap(({ alert }) => (alert === undefined ? [] : [alert]));
const TESTS = filesIn("tests").flatMap((file) =>
  (parse(read("tests", file)) as { tests: RuleTest[] }).tests.flatMap(
    ({ alert_rule_test: asked }) => asked,
  ),
);

const prometheus = await findDebianPackage("prometheus");
const whenThere = typeof prometheus === "string" ? test.skip : test;
if (typeof prometheus === "string") console.warn(`SKIPPED: tests with promtool: ${prometheus}`);

describe("the rules for Prometheus", () => {
  whenThere("are what Prometheus can read", async () => {
    const { ok, output } = await promtool("check", "config", "prometheus.yml");
    expect([ok, output]).toEqual([true, expect.stringContaining(`${ALERTS.length} rules found`)]);
  });

  whenThere.each(filesIn("tests"))(
    "call somebody when they should, and nobody else: %s",
    async (file) => {
      const { ok, output } = await promtool("test", "rules", join("tests", file));
      expect([ok, output]).toEqual([true, expect.stringContaining("SUCCESS")]);
    },
  );

  test("are each tested with what makes it fire, and with an installation that is well", () => {
    const firing = TESTS.filter(({ exp_alerts: expected }) => (expected?.length ?? 0) > 0);
    const quiet = TESTS.filter(({ exp_alerts: expected }) => expected === undefined);
    expect(ALERTS.length).toBeGreaterThan(30);
    for (const asked of [firing, quiet])
      expect(new Set(asked.map(({ alertname }) => alertname))).toEqual(new Set(ALERTS));
  });

  test("say how urgent each alert is and what happened, and the documents what to do", () => {
    const rows = readFileSync(join(REPOSITORY_ROOT, "docs", "monitoring.md"), "utf8").matchAll(
      /^\| `(\w+)` +\| (page|ticket) +\| (.+?) +\|$/gm,
    );
    const documented = [...rows].map(([, name, severity]) => [name, severity]);
    const told = RULES.filter(({ alert }) => alert !== undefined);
    expect(documented).toEqual(told.map(({ alert, labels }) => [alert, labels?.severity]));
    expect(told.filter(({ annotations }) => (annotations?.summary ?? "").length < 10)).toEqual([]);
  });
});

function promtool(...args: string[]) {
  if (typeof prometheus === "string") throw new Error(prometheus);
  const file = join(prometheus.root, "usr/bin/promtool");
  return runProgram({ file, args, cwd: FOLDER, env: prometheus.env });
}
