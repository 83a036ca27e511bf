import { Construct } from "constructs";
import { COMMON_LABELS } from "./labels.ts";
import { add } from "./objects.ts";
import { PORTS } from "./ports.ts";
import type { Settings } from "./settings.ts";

const NAME = "wharfinger";

type EntryOf<Kind extends string> = Extract<Settings["entry"], { kind: Kind }>;

/** The way in, where TLS ends: `/token` goes to the token servers, all else to gateways. */
export class Entry extends Construct {
  constructor(scope: Construct, id: string, { entry, domainName }: Settings) {
    super(scope, id);
    if (entry.kind === "ingress") this.#ingress(domainName, entry);
    else this.#route(domainName, entry);
  }

  #ingress(host: string, entry: EntryOf<"ingress">): void {
    const backend = (name: string) => ({ service: { name, port: { name: "http" } } });
    add(this, {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: NAME, labels: COMMON_LABELS, annotations: entry.annotations },
      spec: {
        ingressClassName: entry.className,
        tls: [{ hosts: [host], secretName: entry.tlsSecret }],
        rules: [
          {
            host,
            http: {
              paths: [
                { path: "/token", pathType: "Exact", backend: backend("token-server") },
                { path: "/", pathType: "Prefix", backend: backend("gateway") },
              ],
            },
          },
        ],
      },
    });
  }

  #route(host: string, { parent }: EntryOf<"gateway">): void {
    const { name, namespace, sectionName } = parent;
    add(this, {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: NAME, labels: COMMON_LABELS },
      spec: {
        hostnames: [host],
        parentRefs: [{ name, namespace, ...(sectionName === undefined ? {} : { sectionName }) }],
        rules: [
          {
            matches: [{ path: { type: "Exact", value: "/token" } }],
            backendRefs: [{ name: "token-server", port: PORTS.tokenServer }],
          },
          {
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            backendRefs: [{ name: "gateway", port: PORTS.gateway }],
            // Never: a layer may take an hour. Who stands still is ended by the gateway.
            timeouts: { request: "0s" },
          },
        ],
      },
    });
  }
}
