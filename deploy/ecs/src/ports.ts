/** Ports of the parts, as they have them where nobody says otherwise (docs/operations.md). */
export const PORTS = {
  gateway: 8080,
  gatewayMetrics: 9090,
  notifications: 8082,
  tokenServer: 8081,
  tokenServerMetrics: 9091,
  registry: 5000,
  database: 5432,
  nfs: 2049,
  https: 443,
  http: 80,
} as const;
