import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { createLogger } from "#service-kit/log.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";

const LINES = 1_000;

test("a log that cannot be written stops nothing, and says what was lost once it can be", async () => {
  const folder = await temporaryFolder();
  const path = join(folder.path, "log");
  const full = openSync("/dev/full", "w");
  const log = createLogger("a service", "info", full);
  for (let i = 0; i < LINES; i += 1) log.info({ event: "tested", i });
  closeSync(full);
  // The same descriptor again, as when there is room again.
  const file = openSync(path, "w");
  try {
    expect(file).toBe(full);
    log.info({ event: "tested" });
    const lines = readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string; lines?: number });
    const told = lines.filter(({ event }) => event === "log.lost");
    expect(told).toEqual([expect.objectContaining({ level: "error", lines: LINES })]);
    expect(lines.map(({ event }) => event)).toEqual(["log.lost", "tested"]);
  } finally {
    closeSync(file);
    await folder.remove();
  }
});
