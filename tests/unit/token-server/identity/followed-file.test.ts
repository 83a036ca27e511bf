import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { followFile } from "#token-server/identity/followed-file.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";

test("a file is looked at once a second, and again when the clock was set back", async () => {
  const folder = await temporaryFolder();
  const path = join(folder.path, "file");
  let now = 10 * 3_600_000;
  try {
    await writeFile(path, "one");
    const file = followFile(path, {
      parse: (text) => text,
      onChange: () => undefined,
      onRefused: () => undefined,
      now: () => now,
    });
    await writeFile(path, "three");
    await utimes(path, 1, 1);
    expect(file.current()).toBe("one");
    now = 0;
    expect(file.current()).toBe("three");
  } finally {
    await folder.remove();
  }
});
