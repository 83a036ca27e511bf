import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { topicArn } from "#local/messages.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";

test("commands for the local stack announce to the topic to which its gateway does", async () => {
  const script = join(REPOSITORY_ROOT, "deploy", "local", "stack-environment.mjs");
  expect(await readFile(script, "utf8")).toContain(`"${topicArn()}"`);
});
