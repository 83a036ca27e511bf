import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, describe, test } from "node:test";
import { parse } from "yaml";
import { one, OTHER, podSpec, podsOf, synthesize, type Synthesized } from "./support.ts";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const COMMAND = join(REPOSITORY, "dist/registry-config/src/main.js");
/** `npm test` builds it before. */
const skip = existsSync(COMMAND) ? false : "npm run build first";

const WHOLE = synthesize({}, { "policy.yaml": "rules: []" });
const OTHERS = synthesize(OTHER);

const folder = mkdtempSync(join(tmpdir(), "wharfinger-registry-"));
after(() => {
  rmSync(folder, { recursive: true });
});

/** `SECRET PATH` of each Secret that a container of a pod sees. */
function seenBy(name: string, synthesized: Synthesized = WHOLE): string[] {
  const { volumes = [], containers, initContainers = [] } = podSpec(synthesized, name);
  const seen = [...containers, ...initContainers].flatMap(({ name: who, volumeMounts = [] }) =>
    volumeMounts.flatMap(({ name: volume, mountPath, readOnly, subPath }) => {
      const secret = volumes.find((each) => each.name === volume)?.secret?.secretName;
      if (secret === undefined) return [];
      // What is mounted by subPath does not change any more.
      assert.deepEqual([readOnly, subPath], [true, undefined]);
      return [`${who}: ${secret} ${mountPath}`];
    }),
  );
  return seen.sort();
}

describe("secrets", () => {
  test("are seen by those alone whom they are for", () => {
    assert.deepEqual(seenBy("gateway"), [
      "gateway: wharfinger-database-gateway /etc/wharfinger/database/own",
      "gateway: wharfinger-gateway /etc/wharfinger/private/gateway",
      "gateway: wharfinger-trust /etc/wharfinger/trust",
    ]);
    assert.deepEqual(seenBy("token-server"), [
      "token-server: wharfinger-database-token-server /etc/wharfinger/database/own",
      "token-server: wharfinger-token-server /etc/wharfinger/private/token-server",
      "token-server: wharfinger-trust /etc/wharfinger/trust",
    ]);
    assert.deepEqual(seenBy("registry"), [
      "configuration: wharfinger-registry /etc/wharfinger/secrets",
      "registry: wharfinger-trust /etc/wharfinger/trust",
    ]);
    assert.deepEqual(seenBy("keys"), []);
    assert.deepEqual(seenBy("database"), [
      "database: wharfinger-database-admin /etc/wharfinger/database-admin",
      "database: wharfinger-database-gateway /etc/wharfinger/database/gateway",
      "database: wharfinger-database-operator /etc/wharfinger/database/operator",
      "database: wharfinger-database-token-server /etc/wharfinger/database/token-server",
    ]);
  });

  test("have the names that the settings give them", () => {
    assert.ok(
      seenBy("gateway", OTHERS).includes(
        "gateway: keys-of-the-gateway /etc/wharfinger/private/gateway",
      ),
    );
    for (const name of ["gateway", "token-server"])
      assert.ok(seenBy(name, OTHERS).includes(`${name}: our-secrets /secrets`));
    const { rules } = one(OTHERS, "Role", "keys") as unknown as {
      rules: { resourceNames: string[] }[];
    };
    assert.ok(rules[0]?.resourceNames.includes("keys-of-the-gateway"));
  });

  test("are no variables: what could be one has the name of a file", () => {
    for (const synthesized of [WHOLE, OTHERS])
      for (const { template } of podsOf(synthesized))
        for (const { env = [], envFrom } of template.spec?.containers ?? []) {
          assert.equal(envFrom, undefined);
          for (const { name, valueFrom } of env) {
            assert.equal(valueFrom, undefined);
            assert.doesNotMatch(name, /(?:PASSWORD|SECRET|TOKEN|KEY)$/);
          }
        }
  });

  test("are files that our user can read by its group, and others cannot", () => {
    for (const { template } of podsOf(WHOLE)) {
      assert.equal(template.spec?.securityContext?.fsGroup, 1000);
      for (const { secret } of template.spec.volumes ?? [])
        if (secret !== undefined) assert.equal(secret.defaultMode, 0o440);
    }
  });
});

describe("files of the operator", () => {
  test("are seen by both services, whole, so that they follow them", () => {
    assert.deepEqual(one(WHOLE, "ConfigMap", "wharfinger-files").data, {
      "policy.yaml": "rules: []",
    });
    for (const name of ["gateway", "token-server"]) {
      const { volumes = [], containers } = podSpec(WHOLE, name);
      const mount = containers[0]?.volumeMounts?.find(({ mountPath }) => mountPath === "/config");
      assert.equal(mount?.subPath, undefined);
      const volume = volumes.find((each) => each.name === mount?.name);
      assert.equal(volume?.configMap?.name, "wharfinger-files");
    }
  });
});

describe("the registry's configuration", { skip }, () => {
  /** Runs the container that writes it, as the manifests have it, in a folder of the test's. */
  function configurationOf(synthesized: Synthesized) {
    for (const name of ["notification", "registry-http"])
      writeFileSync(join(folder, name), "0123456789abcdef0123456789abcdef");
    const [writer] = podSpec(synthesized, "registry").initContainers ?? [];
    const args = (writer?.args ?? []).map((arg) =>
      arg.replace(/^\/etc\/wharfinger\/(?:secrets|registry)/, folder),
    );
    const { status, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    return parse(readFileSync(join(folder, "registry.yml"), "utf8")) as {
      storage: Record<string, Record<string, unknown>>;
      auth: { token: { rootcertbundle: string } };
      notifications: { endpoints: { url: string }[] };
    };
  }

  test("is made from the one source of it, for a bucket", () => {
    const { storage, auth, notifications } = configurationOf(
      synthesize({
        storage: {
          ...{ kind: "s3", bucket: "images", region: "eu-central-1", pathStyle: true },
          ...{ endpoint: "http://ceph:7480", redirect: false, prefix: "blobs" },
        },
      }),
    );
    const { bucket, region, regionendpoint, secure, forcepathstyle, rootdirectory } =
      storage["s3"] ?? {};
    assert.deepEqual(
      { bucket, region, regionendpoint, secure, forcepathstyle, rootdirectory },
      {
        ...{ bucket: "images", region: "eu-central-1", regionendpoint: "http://ceph:7480" },
        ...{ secure: false, forcepathstyle: true, rootdirectory: "blobs" },
      },
    );
    assert.deepEqual(storage["redirect"], { disable: true });
    assert.equal(auth.token.rootcertbundle, "/etc/wharfinger/trust/gateway.pem");
    assert.equal(notifications.endpoints[0]?.url, "http://gateway:8082/hooks/registry");
  });

  test("is made for a volume, which is mounted where it says", () => {
    const { storage } = configurationOf(OTHERS);
    const { volumes = [], containers } = podSpec(OTHERS, "registry");
    const claim = volumes.find(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined);
    assert.equal(claim?.persistentVolumeClaim?.claimName, "blobs");
    const mount = containers[0]?.volumeMounts?.find(({ name }) => name === claim.name);
    assert.equal(mount?.mountPath, storage["filesystem"]?.["rootdirectory"]);
  });
});
