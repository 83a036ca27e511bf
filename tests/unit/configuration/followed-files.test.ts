import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { FOLLOWED_FILES as OF_GATEWAY } from "#gateway/config/followed-files.js";
import { FOLLOWED_FILES as OF_TOKEN_SERVER } from "#token-server/config/followed-files.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

test("no restart is asked for where a file changes that is followed, as docs/operations.md says which are", () => {
  const operations = readFileSync(join(REPOSITORY_ROOT, "docs/operations.md"), "utf8");
  const section = operations.split("## Files that change")[1]?.split("\n## ")[0] ?? "";
  const named = new Set(section.match(/[A-Z][A-Z_]*_FILE\b/g));
  const followed = new Set([...OF_GATEWAY, ...OF_TOKEN_SERVER]);
  expect([...named].sort()).toEqual([...followed].sort());
  expect(OF_TOKEN_SERVER.filter((name) => !OF_GATEWAY.includes(name))).toEqual([
    ...["LOGINS_FILE", "DIRECTORY_FILE", "POLICY_FILE", "GATEWAY_TRUST_FILE"],
  ]);
});
