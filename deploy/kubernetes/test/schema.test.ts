import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler";
import { CronJob } from "kubernetes-models/batch/v1/CronJob";
import { Job } from "kubernetes-models/batch/v1/Job";
import { Ingress } from "kubernetes-models/networking.k8s.io/v1/Ingress";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { Role } from "kubernetes-models/rbac.authorization.k8s.io/v1/Role";
import { RoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Service } from "kubernetes-models/v1/Service";
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount";
import { OTHER, synthesize, type Rendered } from "./support.ts";

type Checked = new (data: never) => { validate(): void };

/** Made from the schemas that Kubernetes, the Gateway API and the Prometheus operator publish. */
const MODELS: readonly (Checked & { readonly apiVersion: string; readonly kind: string })[] = [
  ConfigMap,
  CronJob,
  Deployment,
  HTTPRoute,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  NetworkPolicy,
  PodDisruptionBudget,
  PrometheusRule,
  Role,
  RoleBinding,
  Service,
  ServiceAccount,
  ServiceMonitor,
];

function check(object: Rendered): void {
  const Model = MODELS.find(
    ({ apiVersion, kind }) => apiVersion === object.apiVersion && kind === object.kind,
  );
  if (Model === undefined) throw new Error(`no schema of ${object.apiVersion} ${object.kind}`);
  new Model(object as never).validate();
}

const ALL = [synthesize(), synthesize(OTHER, { "policy.yaml": "rules: []" })];

describe("the manifests", () => {
  test("fit the schemas of the cluster's API, each of them", () => {
    for (const { objects } of ALL) {
      assert.ok(objects.length > 25);
      for (const object of objects) check(object);
    }
  });

  test("would not fit them with a wrong value: the schemas are looked at", () => {
    const found = ALL[0]?.objects.find(({ kind }) => kind === "Deployment");
    assert.ok(found);
    assert.throws(() => {
      check({ ...found, spec: { ...found.spec, revisionHistoryLimit: "five" } });
    }, /revisionHistoryLimit must be integer/);
  });

  test("have no name twice, and are all in the one namespace", () => {
    for (const { objects } of ALL) {
      const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      assert.equal(new Set(names).size, names.length);
      assert.deepEqual(
        [...new Set(objects.map(({ metadata }) => metadata.namespace))],
        ["wharfinger"],
      );
    }
  });

  test("hold nothing whose loss would lose data: no Secret, claim, or namespace to be deleted with them", () => {
    for (const { objects } of ALL)
      for (const { kind } of objects)
        assert.ok(!["Secret", "PersistentVolumeClaim", "Namespace"].includes(kind));
  });
});
