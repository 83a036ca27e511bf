import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { DIST } from "#local/repository-root.js";
import { DURATION_FORMS } from "#service-kit/duration.js";
import { TIME_FORMS } from "#service-kit/point-in-time.js";

/** Every command of an operator, and its form in an image; `null`: it is for the machine of the local stack alone. */
const COMMANDS = [
  "audit-log/src/commands/main.js",
  "gateway/src/commands/delete-untagged/main.js",
  "gateway/src/commands/discover/main.js",
  "gateway/src/commands/doctor/main.js",
  "gateway/src/commands/migrate-pierone/main.js",
  "gateway/src/commands/mode/main.js",
  "gateway/src/commands/outbox/main.js",
  "gateway/src/commands/storage/main.js",
  "service-kit/src/signing/main.js",
  "service-kit/src/tls/main.js",
  "deploy/local/commands/collect-garbage.js",
] as const;
const LOCAL = "deploy/local/commands/collect-garbage.js";

function run(program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(DIST, program), ...args], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] },
  });
  return { status, stdout, stderr };
}

describe.each(COMMANDS)("the command %s", (program) => {
  test("says how it is used, with examples, exit codes and its form for images, and needs nothing for that", () => {
    const { status, stdout, stderr } = run(program, "--help");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/\n\nExamples:\n(?: {2}(?:npm run|node) .+\n){2,}/);
    expect(stdout).toMatch(/\n\nEnds with 0 when .+\nEnvironment: .+\n/);
    if (program !== LOCAL) expect(stdout).toContain(`\nIn an image: node dist/${program}`);
  });

  test("has the same words for the same things", () => {
    const { stdout } = run(program, "--help");
    expect(stdout.includes(`DURATION: ${DURATION_FORMS}\n`)).toBe(stdout.includes(" DURATION]"));
    expect(stdout.includes(`TIME: ${TIME_FORMS}\n`)).toBe(stdout.includes("--since TIME"));
    for (const option of ["--wait", "--drain", "--in", "--retain"])
      for (const [, word] of stdout.matchAll(new RegExp(`${option} ([A-Z]+)\\]`, "g")))
        expect([option, word]).toEqual([option, "DURATION"]);
    for (const [, word] of stdout.matchAll(/--limit ([A-Z]+)/g)) expect(word).toBe("NUMBER");
  });

  test("says what is wrong with an option that there is not, and how it is used", () => {
    const { status, stderr } = run(program, "--no-such-option");
    expect(status).not.toBe(0);
    expect(stderr).toContain("--no-such-option");
    expect(stderr).toContain("Examples:");
  });
});

test.each([
  ["gateway/src/commands/mode/main.js", ["read-only", "--reason", "x", "--wait", "soon"]],
  ["gateway/src/commands/discover/main.js", ["--wait", "1w"]],
  ["service-kit/src/signing/main.js", ["rotate", "--in", "-1"]],
  ["deploy/local/commands/collect-garbage.js", ["--drain", "2 m"]],
])("%s %j names the forms of a duration", (program, args) => {
  const { status, stderr } = run(program, ...args);
  expect(status).not.toBe(0);
  expect(stderr).toContain(DURATION_FORMS);
});
