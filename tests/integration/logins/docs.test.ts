import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { readLogins } from "#token-server/logins/config.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { GITHUB_ISSUER, GITLAB_ISSUER, KUBERNETES_ISSUER } from "./support/platforms.js";

const FOLDER = join(REPOSITORY_ROOT, "docs/logins");
const EXAMPLES = readdirSync(FOLDER).flatMap((file) => examplesOf(file));
/** Files that the examples name. */
const FILES = ["aws-certificates.pem", "cluster-keys.json", "company-ca.pem", "search-password", "users"]; // prettier-ignore

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const file of FILES) await writeFile(join(folder.path, file), "");
});
afterAll(() => folder.remove());

describe("an example of a logins file", () => {
  test.each(EXAMPLES)("in docs/logins/$name can be used as it is", async ({ text }) => {
    const path = join(folder.path, "logins.yaml");
    await writeFile(path, text);
    expect(() => readLogins(path)).not.toThrow();
  });

  test("for each platform is the one that the tests log in with", () => {
    const issuers = EXAMPLES.filter(({ name }) => name.startsWith("oidc.md")).map(
      ({ text }) => (parse(text) as { oidc: object[] }).oidc[0],
    );
    const keysFile = "cluster-keys.json";
    expect(issuers).toEqual([GITHUB_ISSUER, GITLAB_ISSUER, { ...KUBERNETES_ISSUER, keysFile }]);
  });
});

function examplesOf(file: string): { name: string; text: string }[] {
  const blocks = readFileSync(join(FOLDER, file), "utf8").matchAll(/^```yaml\n(.*?)^```$/gms);
  return [...blocks].map(([, text = ""], index) => ({ name: `${file} (${index + 1})`, text }));
}
