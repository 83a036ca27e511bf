import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { INetworkPolicySpec } from "kubernetes-models/networking.k8s.io/v1";
import { EXAMPLE, ofKind, one, OTHER, synthesize, type Rendered } from "./support.ts";

const WHOLE = synthesize();
const OTHERS = synthesize(OTHER);

const specOf = ({ spec }: Rendered) => spec as unknown as INetworkPolicySpec;
const labels = (component: string) => ({
  matchLabels: {
    "app.kubernetes.io/name": "wharfinger",
    "app.kubernetes.io/component": component,
  },
});
const policy = (name: string, synthesized = WHOLE) =>
  specOf(one(synthesized, "NetworkPolicy", name));

/** Who may reach a port of a part, over all policies that count for it. */
function reachedBy(component: string, port: number, synthesized = WHOLE): unknown[] {
  const { ingress = [] } = policy(component, synthesized);
  return ingress
    .filter(({ ports = [] }) => ports.length === 0 || ports.some((each) => each.port === port))
    .flatMap<unknown>(({ from }) => from ?? ["anybody"]);
}

describe("who reaches whom", () => {
  test("is nobody, where nothing else is said", () => {
    const { podSelector, policyTypes, ingress, egress } = policy("default-deny");
    assert.deepEqual(
      { podSelector, ingress, egress },
      {
        podSelector: { matchLabels: {} },
        ingress: [],
        egress: [],
      },
    );
    assert.deepEqual(policyTypes, ["Ingress", "Egress"]);
  });

  test("counts for the pods that it names", () => {
    const policies = ofKind(WHOLE, "NetworkPolicy").filter(
      ({ metadata }) => metadata.name !== "default-deny",
    );
    assert.equal(policies.length, 5);
    for (const each of policies) {
      assert.deepEqual(specOf(each).podSelector, labels(each.metadata.name));
      assert.deepEqual(specOf(each).policyTypes, ["Ingress", "Egress"]);
      for (const { ports } of specOf(each).ingress ?? []) assert.equal(ports?.length, 1);
    }
  });

  test("are gateways alone at the registry", () => {
    assert.deepEqual(reachedBy("registry", 5000), [{ podSelector: labels("gateway") }]);
    assert.equal(policy("registry").ingress?.length, 1);
  });

  test("are registries alone at the port of notifications", () => {
    assert.deepEqual(reachedBy("gateway", 8082), [{ podSelector: labels("registry") }]);
  });

  test("are the ingress at gateway and token server, and gateways at the token server", () => {
    const traefik = {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "traefik" } },
    };
    assert.deepEqual(reachedBy("gateway", 8080), [traefik]);
    assert.deepEqual(reachedBy("token-server", 8081), [
      traefik,
      { podSelector: labels("gateway") },
    ]);
  });

  test("are the addresses of a load balancer that is outside of the cluster", () => {
    const entry = { ...EXAMPLE.entry, namespaceLabels: undefined, addresses: ["10.0.0.0/16"] };
    const outside = synthesize({ entry });
    const balancer = { ipBlock: { cidr: "10.0.0.0/16" } };
    assert.deepEqual(reachedBy("gateway", 8080, outside), [balancer]);
    assert.deepEqual(reachedBy("token-server", 8081, outside)[0], balancer);
  });

  test("is Prometheus' namespace alone at the metrics, and nobody where there is none", () => {
    const prometheus = {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } },
    };
    assert.deepEqual(reachedBy("gateway", 9090), [prometheus]);
    assert.deepEqual(reachedBy("token-server", 9091), [prometheus]);
    const quiet = synthesize({ monitoring: undefined });
    assert.deepEqual(reachedBy("gateway", 9090, quiet), []);
    assert.deepEqual(ofKind(quiet, "ServiceMonitor"), []);
  });

  test("is nobody at the jobs", () => {
    for (const name of ["keys", "database"]) assert.deepEqual(policy(name).ingress, []);
  });

  test("is for the registry its gateways' port and its bucket; on a volume not even that", () => {
    const named = {
      ports: [
        { port: 53, protocol: "UDP" },
        { port: 53, protocol: "TCP" },
      ],
    };
    const told = {
      to: [{ podSelector: labels("gateway") }],
      ports: [{ port: 8082, protocol: "TCP" }],
    };
    const bucket = {
      to: [{ ipBlock: { cidr: "0.0.0.0/0" } }],
      ports: [{ port: 443, protocol: "TCP" }],
    };
    assert.deepEqual(policy("registry").egress, [named, told, bucket]);
    assert.deepEqual(policy("registry", OTHERS).egress, [named, told]);
  });

  test("is a bucket of your own at its own port and address", () => {
    const ceph = synthesize({
      storage: {
        ...{ kind: "s3", bucket: "b", region: "default", pathStyle: true },
        ...{ endpoint: "http://ceph:7480", addresses: ["10.1.2.0/24"] },
      },
    });
    assert.deepEqual(policy("registry", ceph).egress?.[2], {
      to: [{ ipBlock: { cidr: "10.1.2.0/24" } }],
      ports: [{ port: 7480, protocol: "TCP" }],
    });
  });
});

describe("the way in", () => {
  test("ends TLS and sends /token, and nothing else, past the gateways", () => {
    const { spec } = one(WHOLE, "Ingress", "wharfinger");
    assert.deepEqual(spec["tls"], [
      { hosts: ["registry.example.org"], secretName: "registry-example-org" },
    ]);
    const backend = (name: string) => ({ service: { name, port: { name: "http" } } });
    assert.deepEqual(spec["rules"], [
      {
        host: "registry.example.org",
        http: {
          paths: [
            { path: "/token", pathType: "Exact", backend: backend("token-server") },
            { path: "/", pathType: "Prefix", backend: backend("gateway") },
          ],
        },
      },
    ]);
    assert.deepEqual(ofKind(WHOLE, "HTTPRoute"), []);
  });

  test("is the same by a Gateway that is there, with no bound on how long a layer takes", () => {
    const { spec } = one(OTHERS, "HTTPRoute", "wharfinger");
    assert.deepEqual(spec["hostnames"], ["registry.example.org"]);
    assert.deepEqual(spec["parentRefs"], [
      { name: "public", namespace: "envoy", sectionName: "https" },
    ]);
    assert.deepEqual(spec["rules"], [
      {
        matches: [{ path: { type: "Exact", value: "/token" } }],
        backendRefs: [{ name: "token-server", port: 8081 }],
      },
      {
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        backendRefs: [{ name: "gateway", port: 8080 }],
        timeouts: { request: "0s" },
      },
    ]);
    assert.deepEqual(ofKind(OTHERS, "Ingress"), []);
  });

  test("leads to ports that pods have", () => {
    for (const name of ["gateway", "token-server", "registry"]) {
      const { spec } = one(WHOLE, "Service", name);
      const { spec: deployed } = one(WHOLE, "Deployment", name);
      assert.deepEqual(
        spec["selector"],
        (deployed["selector"] as { matchLabels: unknown }).matchLabels,
      );
      const template = deployed["template"] as {
        spec: { containers: { ports: { containerPort: number }[] }[] };
      };
      const open = template.spec.containers[0]?.ports.map(({ containerPort }) => containerPort);
      const led = (spec["ports"] as { targetPort: number }[]).map(({ targetPort }) => targetPort);
      assert.deepEqual(led, open);
    }
    // Its name has each registry's address: gateways ask every one of them.
    assert.equal(one(WHOLE, "Service", "registry").spec["clusterIP"], "None");
  });
});
