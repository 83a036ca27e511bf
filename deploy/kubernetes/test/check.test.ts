import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import { podSpec, synthesize } from "./support.ts";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
/** `npm test` builds it before. */
const skip = existsSync(join(REPOSITORY, "dist/deploy/compose/setup.js"))
  ? false
  : "npm run build first";

const folder = mkdtempSync(join(tmpdir(), "wharfinger-check-"));
const run = (args: readonly string[], env: Readonly<Record<string, string>>) =>
  spawnSync(process.execPath, args, { cwd: REPOSITORY, env, encoding: "utf8" });

/** What the pods' volumes have. */
function fillVolumes(): void {
  const { status, stderr } = run(["dist/deploy/compose/setup.js", folder], {});
  assert.equal(status, 0, stderr);
  for (const name of ["database/own", "database-authority"])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "database/own/password"), "password-of-the-role\n");
  copyFileSync(join(folder, "trust/gateway.pem"), join(folder, "database-authority/ca.crt"));
}

describe("the services' own look at their configuration", { skip }, () => {
  before(fillVolumes);
  after(() => {
    rmSync(folder, { recursive: true });
  });

  // One with authorities of its own for the database, one with the system's.
  for (const [name, given] of [
    ["token-server", {}],
    ["gateway", { database: { host: "db" } }],
  ] as const)
    test(`finds nothing wrong with the variables and files of a ${name}`, () => {
      const [container] = podSpec(synthesize(given), name).containers;
      const env = Object.fromEntries(
        (container?.env ?? []).map((each) => [
          each.name,
          (each.value ?? "").replaceAll("/etc/wharfinger", folder),
        ]),
      );
      // What a cluster, and Amazon's identities for pods, put beside them.
      const injected = {
        KUBERNETES_SERVICE_HOST: "10.96.0.1",
        KUBERNETES_PORT: "tcp://10.96.0.1:443",
        AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/images",
        AWS_WEB_IDENTITY_TOKEN_FILE: "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
        AWS_STS_REGIONAL_ENDPOINTS: "regional",
        AWS_DEFAULT_REGION: "eu-central-1",
      };
      const checked = run([`dist/${name}/src/main.js`, "--check"], { ...env, ...injected });
      assert.equal(checked.status, 0, checked.stdout + checked.stderr);
    });
});
