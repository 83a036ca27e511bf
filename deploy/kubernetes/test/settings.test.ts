import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, describe, test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { forHelm } from "../src/helm.ts";
import { readOperatorFiles } from "../src/operator-files.ts";
import { parseSettings, SettingsError } from "../src/settings.ts";
import { EXAMPLE, one, synthesize } from "./support.ts";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "wharfinger-kubernetes-"));
after(() => {
  rmSync(folder, { recursive: true });
});

const refused = (given: object, wanted: RegExp) => {
  assert.throws(
    () => parseSettings({ ...EXAMPLE, ...given }),
    (error) => error instanceof SettingsError && wanted.test(error.message),
  );
};
const withVariable = (name: string, value: string) => ({
  environment: { ...EXAMPLE.environment, gateway: { [name]: value } },
});

describe("settings", () => {
  test("of the example are good, and have the defaults", () => {
    const { gateway, registryImage } = parseSettings(EXAMPLE);
    assert.deepEqual([gateway.min, gateway.max], [2, 6]);
    assert.equal(registryImage, "docker.io/library/registry:3.1.1");
  });

  test("are refused by name: one that is not known, one that is wrong, one process of a service", () => {
    refused({ domain: "x" }, /domain/);
    refused({ trustedProxies: [] }, /trustedProxies/);
    refused({ gateway: { min: 1 } }, /gateway.min/);
    refused({ gateway: { min: 5, max: 4 } }, /min is above max/);
    refused({ entry: { ...EXAMPLE.entry, namespaceLabels: {} } }, /every namespace/);
    refused({ entry: { ...EXAMPLE.entry, namespaceLabels: undefined } }, /nobody could come in/);
  });

  test("are refused with a variable that is the chart's own, or that would be a secret in a manifest", () => {
    refused(withVariable("DB_USER", "x"), /names a variable that the chart itself sets/);
    for (const [name, value] of [
      ["DB_PASSWORD", "x"],
      ["HTTP_AUDIT_LOGS_TOKEN", "x"],
      ["NOTIFICATION_SECRET_PREVIOUS", "x"],
      ["HTTPS_PROXY", "http://user:word@proxy:3128"],
    ] as const)
      refused(withVariable(name, value), /has a secret, wanted its file/);
    parseSettings({ ...EXAMPLE, ...withVariable("HTTPS_PROXY", "http://proxy:3128") });
  });

  test("without any login are refused, as the token server would refuse to start", () => {
    refused({ environment: {} }, /no login/);
  });
});

describe("npm run synth", () => {
  const synth = (settings: object) => {
    writeFileSync(join(folder, "settings.json"), JSON.stringify(settings));
    return spawnSync(
      process.execPath,
      [
        ...["src/main.ts", "--settings", join(folder, "settings.json")],
        ...["--out", join(folder, "manifests"), "--helm", join(folder, "chart")],
      ],
      { cwd: PACKAGE, encoding: "utf8" },
    );
  };
  const written = (path: string) => readFileSync(join(folder, path), "utf8");

  test("writes all manifests into one file, and the same as a chart of Helm", () => {
    writeFileSync(join(folder, "policy.yaml"), "rules: []\n");
    const { status, stderr } = synth({ ...EXAMPLE, files: { "policy.yaml": "./policy.yaml" } });
    assert.equal(status, 0, stderr);
    const manifests = written("manifests/wharfinger.k8s.yaml");
    const wanted = synthesize({ files: {} }, { "policy.yaml": "rules: []\n" });
    assert.deepEqual(
      parseAllDocuments(manifests).map((each) => each.toJS() as unknown),
      wanted.objects,
    );
    const chart = parse(written("chart/Chart.yaml")) as Record<string, string>;
    assert.deepEqual([chart["apiVersion"], chart["appVersion"]], ["v2", "0.1.0"]);
    const ours = /\{\{ "(\{\{|\}\})" \}\}/g;
    const template = written("chart/templates/wharfinger.yaml");
    assert.ok(ours.test(template));
    assert.equal(template.replaceAll(ours, "$1"), manifests);
  });

  test("says what is wrong in one line, and ends with 78", () => {
    const { status, stderr } = synth({ ...EXAMPLE, files: { "policy.yaml": "./none.yaml" } });
    assert.equal(status, 78);
    assert.match(stderr, /^files: .*none\.yaml cannot be read/);
  });

  test("refuses a file that is empty, or files that a ConfigMap does not take", () => {
    for (const [text, wanted] of [
      ["", /policy\.yaml is empty/],
      ["#".repeat(900_001), /900001 characters, wanted at most 900000/],
    ] as const) {
      writeFileSync(join(folder, "policy.yaml"), text);
      const settings = parseSettings({ ...EXAMPLE, files: { "policy.yaml": "policy.yaml" } });
      assert.throws(() => readOperatorFiles(settings, folder), wanted);
    }
  });

  test("leaves no template of Prometheus for Helm to take for its own", () => {
    assert.equal(forHelm("{{ $labels.job }} late"), '{{ "{{" }} $labels.job {{ "}}" }} late');
  });
});

describe("monitoring", () => {
  const whole = synthesize();

  test("has the rules of docker-compose's Prometheus, all of them", () => {
    const { groups } = one(whole, "PrometheusRule", "wharfinger").spec as { groups: unknown[] };
    const files = ["alerts", "recording"].map((name) =>
      readFileSync(join(ROOT, "deploy/monitoring/prometheus/rules", `${name}.yml`), "utf8"),
    );
    const wanted = files.flatMap((text) => (parse(text) as { groups: unknown[] }).groups);
    assert.deepEqual(groups, wanted);
    assert.ok(wanted.length >= 5);
  });

  test("reads both services, by the names of jobs that the rules ask for", () => {
    for (const job of ["gateway", "token-server"]) {
      const { spec, metadata } = one(whole, "ServiceMonitor", job);
      const { metadata: service } = one(whole, "Service", job);
      const { matchLabels } = spec["selector"] as { matchLabels: Record<string, string> };
      for (const [name, value] of Object.entries(matchLabels))
        assert.equal(service.labels?.[name], value);
      assert.equal(service.labels?.[String(spec["jobLabel"])], job);
      assert.deepEqual(spec["endpoints"], [{ port: "metrics", interval: "15s" }]);
      assert.equal(metadata.labels?.["release"], "prometheus");
    }
  });
});
