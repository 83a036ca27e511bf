import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { changedFiles, filesReadOnce } from "#service-kit/files-read-once.js";
import { eventually } from "#tests/support/eventually.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";

describe("files that are read at the start alone", () => {
  test("are those of variables that nobody follows", () => {
    const env = { DB_PASSWORD_FILE: "/a", POLICY_FILE: "/b", SINKS_FILE: " ", PORT: "1" };
    expect([...filesReadOnce(env, ["POLICY_FILE"])]).toEqual([["DB_PASSWORD_FILE", "/a"]]);
  });

  test("are told of once when they change, and not while they cannot be read", async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, "password");
    await writeFile(path, "first-secret");
    const told: unknown[] = [];
    const log = { warn: (line: unknown) => void told.push(line) };
    const watching = changedFiles(new Map([["DB_PASSWORD_FILE", path]]), log, 5);
    await watching.start();
    const replace = async (content: string) => {
      await writeFile(`${path}.new`, content);
      await rename(`${path}.new`, path);
    };
    await rm(path);
    await replace("second-secret");
    await eventually("the change is told", () => told.length > 0);
    await replace("third-secret");
    await eventually("the next change is told", () => told.length > 1);
    await watching.stop();
    expect(told).toHaveLength(2);
    expect(told[0]).toMatchObject({ event: "file.changed", variable: "DB_PASSWORD_FILE", path });
    expect(JSON.stringify(told)).not.toMatch(/-secret/);
    await folder.remove();
  });
});
