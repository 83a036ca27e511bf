import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { IContainer } from "kubernetes-models/v1";
import { OWN_VARIABLES } from "../src/own-variables.ts";
import { TIMES } from "../src/times.ts";
import { ofKind, one, OTHER, podsOf, podSpec, synthesize } from "./support.ts";

const WHOLE = synthesize();
const ON_A_VOLUME = synthesize(OTHER);
const PODS = podsOf(WHOLE);

function mainOf(name: string, synthesized = WHOLE): IContainer {
  const [container] = podSpec(synthesized, name).containers;
  if (container === undefined) throw new Error(`${name} has no container`);
  return container;
}

const valueOf = ({ env = [] }: IContainer, name: string) =>
  env.find((variable) => variable.name === name)?.value;

describe("every pod", () => {
  test("passes the Pod Security Standard restricted, on an image that it cannot write to", () => {
    assert.equal(PODS.length, 6);
    for (const { template } of PODS) {
      const { securityContext, containers = [], initContainers = [] } = template.spec ?? {};
      assert.equal(securityContext?.runAsNonRoot, true);
      assert.equal(securityContext.runAsUser, 1000);
      assert.deepEqual(securityContext.seccompProfile, { type: "RuntimeDefault" });
      for (const container of [...containers, ...initContainers])
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
    }
  });

  test("has no token of the cluster's API but the one of keys, which has it as a file", () => {
    for (const { owner, template } of PODS) {
      assert.equal(template.spec?.automountServiceAccountToken, false);
      const projected = template.spec.volumes?.filter(({ projected }) => projected !== undefined);
      assert.equal(projected?.length ?? 0, owner.includes(" keys") ? 1 : 0, owner);
    }
    for (const account of ofKind(WHOLE, "ServiceAccount"))
      assert.equal(
        (account as unknown as Record<string, unknown>)["automountServiceAccountToken"],
        false,
      );
  });

  test("is not told of Services by variables, which the stock registry would take for its configuration", () => {
    for (const { template } of PODS) assert.equal(template.spec?.enableServiceLinks, false);
  });

  test("says what it needs, and has a bound of memory", () => {
    for (const { template } of PODS)
      for (const { resources } of [
        ...(template.spec?.containers ?? []),
        ...(template.spec?.initContainers ?? []),
      ]) {
        assert.ok(resources?.requests?.["cpu"]);
        assert.ok(resources.requests["memory"]);
        assert.ok(resources.limits?.["memory"]);
      }
  });

  test("is spread over zones and machines", () => {
    for (const { template } of PODS)
      assert.deepEqual(
        template.spec?.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey),
        ["topology.kubernetes.io/zone", "kubernetes.io/hostname"],
      );
  });
});

describe("the services", () => {
  test("stand twice at least, each part, and no apply sets back what the autoscaler chose", () => {
    for (const name of ["gateway", "token-server", "registry"]) {
      const { spec } = one(WHOLE, "HorizontalPodAutoscaler", name);
      assert.equal(spec["minReplicas"], 2);
      assert.deepEqual(spec["scaleTargetRef"], { apiVersion: "apps/v1", kind: "Deployment", name });
      assert.ok(!("replicas" in one(WHOLE, "Deployment", name).spec));
    }
  });

  test("are replaced one by one, and a machine that is emptied takes one at most", () => {
    for (const name of ["gateway", "token-server", "registry"]) {
      assert.deepEqual(one(WHOLE, "Deployment", name).spec["strategy"], {
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
      });
      const { spec } = one(WHOLE, "PodDisruptionBudget", name);
      assert.equal(spec["maxUnavailable"], 1);
      assert.deepEqual(spec["selector"], one(WHOLE, "Deployment", name).spec["selector"]);
    }
  });

  test("leave one registry on a volume, which ends before the next one begins", () => {
    const { spec } = one(ON_A_VOLUME, "Deployment", "registry");
    assert.equal(spec["replicas"], 1);
    assert.deepEqual(spec["strategy"], { type: "Recreate" });
    const scaled = ofKind(ON_A_VOLUME, "HorizontalPodAutoscaler").map(
      ({ metadata }) => metadata.name,
    );
    assert.deepEqual(scaled.sort(), ["gateway", "token-server"]);
  });

  test("hold a rollout until a push would work, and go on serving pulls when it does not", () => {
    for (const [name, port] of [
      ["gateway", 8080],
      ["token-server", 8081],
    ] as const) {
      const { startupProbe, readinessProbe, livenessProbe } = mainOf(name);
      assert.deepEqual(startupProbe?.httpGet, { path: "/ready", port });
      const runs = { path: "/.well-known/health", port };
      assert.deepEqual(readinessProbe?.httpGet, runs);
      assert.deepEqual(livenessProbe?.httpGet, runs);
      // Keys and migrations are made beside it.
      const { failureThreshold = 0, periodSeconds = 0 } = startupProbe;
      assert.ok(failureThreshold * periodSeconds >= 600);
    }
    const { startupProbe, readinessProbe, livenessProbe } = mainOf("registry");
    for (const probe of [startupProbe, readinessProbe, livenessProbe])
      assert.deepEqual(probe?.httpGet, { path: "/", port: 5000 });
  });

  test("have time to end before they are killed", () => {
    for (const name of ["gateway", "token-server"]) {
      const seconds = ["SHUTDOWN_DELAY_SECONDS", "DRAIN_SECONDS"].map((variable) =>
        Number(valueOf(mainOf(name), variable)),
      );
      assert.ok(seconds.every((each) => each >= 15 && each <= 900));
      const [delay = 0, drain = 0] = seconds;
      assert.ok((podSpec(WHOLE, name).terminationGracePeriodSeconds ?? 0) > delay + drain);
    }
    const { preStop } = mainOf("registry").lifecycle ?? {};
    // Gateways find it by DNS, which CoreDNS lets them remember for 30 seconds.
    assert.ok((preStop?.sleep?.seconds ?? 0) > 30);
    const grace = podSpec(WHOLE, "registry").terminationGracePeriodSeconds ?? 0;
    assert.ok(grace > (preStop?.sleep?.seconds ?? 0) + TIMES.registryDrain);
  });

  test("are given variables that docs/configuration.md has, and those alone are the chart's own", () => {
    const documented = readFileSync(
      new URL("../../../docs/configuration.md", import.meta.url),
      "utf8",
    );
    const names = ["gateway", "token-server"].flatMap((part) =>
      (mainOf(part).env ?? []).map(({ name }) => name),
    );
    assert.ok(names.length > 25);
    assert.deepEqual(
      names.filter((name) => !documented.includes(`\`${name}\``)),
      [],
    );
    const own = names.filter((name) => !name.startsWith("HTTP_"));
    assert.deepEqual([...new Set(own)].sort(), [...OWN_VARIABLES].sort());
  });

  test("check the database's certificate and its name, by your authorities or the system's", () => {
    for (const name of ["gateway", "token-server", "database"])
      assert.equal(
        valueOf(mainOf(name), "DB_SUBNAME"),
        "//postgres.example.org:5432/wharfinger?sslmode=verify-full&sslrootcert=/etc/wharfinger/database-authority/ca.crt",
      );
    const { text } = synthesize({ database: { host: "db" } });
    assert.match(text, /\/\/db:5432\/wharfinger\?sslmode=verify-full&sslrootcert=system/);
  });

  test("begin anew by themselves only where they have to: jobs run again, once for each version", () => {
    const names = ofKind(WHOLE, "Job").map(({ metadata }) => metadata.name);
    const again = ofKind(synthesize(), "Job").map(({ metadata }) => metadata.name);
    assert.deepEqual(again, names);
    const later = synthesize({ images: { prefix: "images.example.org/wharfinger", tag: "0.2.0" } });
    for (const { metadata } of ofKind(later, "Job")) assert.ok(!names.includes(metadata.name));
  });
});
