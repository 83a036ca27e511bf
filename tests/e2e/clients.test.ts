import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { reenactments } from "#tests/clients/clients-at-hand.js";
import { skopeo } from "#tests/clients/programs/containers-project.js";
import { clientOf } from "#tests/clients/programs/program.js";
import { runMatrix, type Entry } from "#tests/clients/matrix.js";
import { isAsWanted } from "#tests/clients/report.js";
import { gatewayTarget } from "#tests/clients/targets.js";
import type { TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

/** The short form of `npm run clients`: one client itself, and those that no machine here has as their requests. */

const { registry } = testTools();
const isPossible = registry.kind === "binary";
if (!isPossible) console.warn("SKIPPED: clients as their requests: the registry is no program");

let folder: TemporaryFolder;
let stack: TestStack;
let entries: readonly Entry[];

beforeAll(async () => {
  if (!isPossible) return;
  folder = await temporaryFolder();
  const { stack: started, target } = await gatewayTarget(folder, registry.file);
  stack = started;
  const itself = await clientOf(skopeo(testTools().skopeo));
  entries = await runMatrix([itself, ...reenactments()], target, folder);
});
afterAll(async () => {
  if (!isPossible) return;
  await stack.stop();
  await folder.remove();
});

(isPossible ? describe : describe.skip)("clients", () => {
  test("do what they may, and are refused the rest", () => {
    expect(entries.filter((entry) => !isAsWanted(entry, true))).toEqual([]);
    expect(new Set(entries.map(({ client }) => client)).size).toBe(reenactments().length + 1);
    expect(entries.length).toBeGreaterThan(20);
  });

  test("are told why", () => {
    const told = (job: Entry["job"]) =>
      entries.filter((entry) => entry.job === job).map(({ words }) => words);
    for (const words of told("other")) expect(words).toContain("tag already exists");
    for (const words of told("elsewhere"))
      expect(words).toMatch(/may not push to beta\/\S+: alice is not in team beta/);
    for (const words of told("delete")) expect(words).toMatch(/by rule \\*"immutable/);
  });
});
