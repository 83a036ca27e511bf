/** Ports of the parts, as they have them where nobody says otherwise (docs/operations.md). */
export const PORTS = {
  gateway: 8080,
  gatewayMetrics: 9090,
  notifications: 8082,
  tokenServer: 8081,
  tokenServerMetrics: 9091,
  registry: 5000,
  dns: 53,
  https: 443,
  /** Of the cluster's API where a load balancer does not make 443 of it. */
  clusterApi: 6443,
} as const;
