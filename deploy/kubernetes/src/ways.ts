import { Construct } from "constructs";
import type {
  INetworkPolicyEgressRule,
  INetworkPolicyIngressRule,
  INetworkPolicyPeer,
} from "kubernetes-models/networking.k8s.io/v1";
import { COMMON_LABELS, labelsOf, type Component } from "./labels.ts";
import { add } from "./objects.ts";
import { PORTS } from "./ports.ts";
import type { Settings } from "./settings.ts";

/** Who may connect to whom; what is not said here is not possible, where the cluster's network keeps NetworkPolicies. */
export class Ways extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { entry, monitoring, database } = settings;
    const { namespaceLabels, addresses } = entry;
    const clients = [
      ...(namespaceLabels === undefined ? [] : [ofNamespace(namespaceLabels)]),
      ...addresses.map((cidr) => ({ ipBlock: { cidr } })),
    ];
    const prometheus = monitoring === undefined ? [] : [ofNamespace(monitoring.namespaceLabels)];
    const scraped = (port: number) => prometheus.map((peer) => rule([peer], port));
    // They ask services of yours: webhooks, OAuth, LDAP, at ports that nobody knows here.
    const anybody: INetworkPolicyEgressRule[] = [{}];

    this.#policy("default-deny", {}, [], []);
    this.#part(
      "gateway",
      [
        rule(clients, PORTS.gateway),
        rule([pods("registry")], PORTS.notifications),
        ...scraped(PORTS.gatewayMetrics),
      ],
      anybody,
    );
    this.#part(
      "token-server",
      [
        rule([...clients, pods("gateway")], PORTS.tokenServer),
        ...scraped(PORTS.tokenServerMetrics),
      ],
      anybody,
    );
    this.#part(
      "registry",
      [rule([pods("gateway")], PORTS.registry)],
      [NAMES, to([pods("gateway")], PORTS.notifications), ...toBucket(settings)],
    );
    this.#part("keys", [], [NAMES, to([], PORTS.https, PORTS.clusterApi)]);
    this.#part("database", [], [NAMES, to([], database.port)]);
  }

  #part(
    component: Component,
    ingress: INetworkPolicyIngressRule[],
    egress: INetworkPolicyEgressRule[],
  ): void {
    this.#policy(component, labelsOf(component), ingress, egress);
  }

  #policy(
    name: string,
    matchLabels: Record<string, string>,
    ingress: INetworkPolicyIngressRule[],
    egress: INetworkPolicyEgressRule[],
  ): void {
    add(this, {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name, labels: COMMON_LABELS },
      spec: {
        podSelector: { matchLabels },
        policyTypes: ["Ingress", "Egress"],
        ...{ ingress, egress },
      },
    });
  }
}

/** The cluster's DNS, wherever it runs. */
const NAMES: INetworkPolicyEgressRule = {
  ports: ["UDP", "TCP"].map((protocol) => ({
    protocol: protocol as "UDP" | "TCP",
    port: PORTS.dns,
  })),
};

function ofNamespace(matchLabels: Record<string, string>): INetworkPolicyPeer {
  return { namespaceSelector: { matchLabels } };
}

function pods(component: Component): INetworkPolicyPeer {
  return { podSelector: { matchLabels: labelsOf(component) } };
}

function rule(from: INetworkPolicyPeer[], port: number): INetworkPolicyIngressRule {
  return { from, ports: [{ protocol: "TCP", port }] };
}

/** To nobody named: to whoever listens there. */
function to(peers: INetworkPolicyPeer[], ...ports: number[]): INetworkPolicyEgressRule {
  return {
    ...(peers.length === 0 ? {} : { to: peers }),
    ports: ports.map((port) => ({ protocol: "TCP", port })),
  };
}

function toBucket({ storage }: Settings): INetworkPolicyEgressRule[] {
  if (storage.kind === "volume") return [];
  const given = storage.endpoint === undefined ? "" : new URL(storage.endpoint).port;
  const port =
    given === ""
      ? storage.endpoint?.startsWith("http:") === true
        ? 80
        : PORTS.https
      : Number(given);
  return [
    to(
      storage.addresses.map((cidr) => ({ ipBlock: { cidr } })),
      port,
    ),
  ];
}
