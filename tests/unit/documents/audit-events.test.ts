import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { format, resolveConfig } from "prettier";
import { AUDIT_ACTIONS } from "#audit-log/entry.js";
import { OPERATIONS } from "#rest-api/operations/every-operation.js";
import {
  AUDIT_EVENTS,
  AUDIT_EVENTS_DOCUMENT,
  auditEventsDocument,
  COMMANDS_WITHOUT_ENTRY,
  OPERATIONS_WITHOUT_ENTRY,
} from "#tests/documents/audit-events.js";
import { REPOSITORY_ROOT, sourceFiles } from "#tests/support/source-tree.js";

const read = (path: string) => readFileSync(join(REPOSITORY_ROOT, path), "utf8");

describe("the table of events on record", () => {
  test("stands in the documents as it is in the tests: npm run docs:variables", async () => {
    const file = join(REPOSITORY_ROOT, AUDIT_EVENTS_DOCUMENT);
    const options = { ...(await resolveConfig(file)), filepath: file };
    expect(read(AUDIT_EVENTS_DOCUMENT)).toBe(await format(auditEventsDocument(), options));
  });

  test("has every kind of entry", () => {
    const told = new Set(AUDIT_EVENTS.map(({ action }) => action));
    expect(AUDIT_ACTIONS.filter((action) => !told.has(action))).toEqual([]);
  });

  test("has every operation that changes something, and every one of administrators, and no other", () => {
    const told = new Set(AUDIT_EVENTS.flatMap(({ operations = [] }) => operations));
    const wanted = OPERATIONS.filter(
      ({ method, who }) => method !== "GET" || who === "administrator",
    );
    const excepted = new Set(Object.keys(OPERATIONS_WITHOUT_ENTRY));
    const ids = wanted.map(({ id }) => id).filter((id) => !excepted.has(id));
    expect([...told].sort()).toEqual(ids.sort());
  });

  test("has every command, or says why it has no entry", () => {
    const told = new Set([
      ...AUDIT_EVENTS.flatMap(({ commands = [] }) => commands),
      ...Object.keys(COMMANDS_WITHOUT_ENTRY),
    ]);
    const commands = sourceFiles()
      .filter(({ path, text }) => path.endsWith("/main.ts") && text.includes("await runCommand("))
      .map(({ path }) => dirname(path));
    expect(commands.length).toBeGreaterThan(7);
    expect(commands.filter((command) => !told.has(command))).toEqual([]);
  });

  test.each(
    AUDIT_EVENTS.flatMap(({ event, action, shownBy }) =>
      shownBy === undefined ? [] : [[event, action, shownBy]],
    ),
  )("is shown by a test: %s", (_event, action, shownBy) => {
    expect(existsSync(join(REPOSITORY_ROOT, shownBy))).toBe(true);
    // What is read over SQL is named by its table's column, elsewhere by the entry's action.
    expect(read(shownBy)).toContain(action);
  });
});
