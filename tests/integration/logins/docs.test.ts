import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { readPageIssuers } from "#gateway/oidc/config.js";
import { envReader } from "#service-kit/config.js";
import { readLogins } from "#token-server/logins/config.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { GITHUB_ISSUER, GITLAB_ISSUER, KUBERNETES_ISSUER } from "./support/platforms.js";

const FOLDER = join(REPOSITORY_ROOT, "docs/logins");
const EXAMPLES = readdirSync(FOLDER).flatMap((file) => examplesOf(file));
/** Files that the examples name. */
const FILES = {
  ...{ "aws-certificates.pem": "", "cluster-keys.json": "", "company-ca.pem": "" },
  ...{ "search-password": "", users: "", "company-secret": "a-client's-secret" },
};

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const [file, content] of Object.entries(FILES))
    await writeFile(join(folder.path, file), content);
});
afterAll(() => folder.remove());

/** Of the file that a gateway reads, by whose pages people log in. */
const isForGateway = ({ text }: { readonly text: string }) => /^issuers:/m.test(text);

describe("an example of a logins file", () => {
  test.each(EXAMPLES.filter((one) => !isForGateway(one)))(
    "in docs/logins/$name can be used as it is",
    async ({ text }) => {
      const path = join(folder.path, "logins.yaml");
      await writeFile(path, text);
      expect(() => readLogins(path)).not.toThrow();
    },
  );

  test.each(EXAMPLES.filter(isForGateway))(
    "for gateways in docs/logins/$name can be used as it is",
    async ({ text }) => {
      const path = join(folder.path, "page-logins.yaml");
      await writeFile(path, text);
      const reader = envReader({ PAGE_LOGINS_FILE: path });
      expect(readPageIssuers(reader)).toHaveLength(1);
      reader.throwIfFaulty();
    },
  );

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
