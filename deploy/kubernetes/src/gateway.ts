import { Construct } from "constructs";
import { commonFiles, ownContainer, ROOT } from "./own-container.ts";
import { podOf, secretFiles } from "./pods.ts";
import { PORTS } from "./ports.ts";
import { Service } from "./service.ts";
import type { Settings } from "./settings.ts";
import { TIMES } from "./times.ts";

const SERVICE_PORTS = {
  http: PORTS.gateway,
  notifications: PORTS.notifications,
  metrics: PORTS.gatewayMetrics,
} as const;

/** The one part that clients speak to, by way of the ingress. */
export class Gateway extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { secrets, gateway: size } = settings;
    const mounted = [
      secretFiles("keys", secrets.gateway, `${ROOT}/private/gateway`),
      ...commonFiles(settings, secrets.databaseGateway),
    ];
    const container = ownContainer({
      name: "gateway",
      port: PORTS.gateway,
      ports: SERVICE_PORTS,
      environment: { ...settings.environment.gateway, ...variables(settings) },
      ...{ settings, size, mounted },
    });
    const pod = podOf({
      component: "gateway",
      serviceAccountName: "gateway",
      containers: [container],
      volumes: mounted.map(({ volume }) => volume),
      graceSeconds: TIMES.grace,
      settings,
    });
    new Service(this, "Service", { component: "gateway", size, pod, ports: SERVICE_PORTS });
  }
}

function variables({ domainName }: Settings): Record<string, string> {
  return {
    PUBLIC_URL: `https://${domainName}`,
    API_REPOSITORY: domainName,
    // Its keys cannot be written beside. Goes with the pod: beyond that its log tells of checkpoints.
    STATE_DIR: "/tmp",
    DB_USER: "wharfinger_gateway",
    REGISTRY_URL: `http://registry:${PORTS.registry}`,
    TOKEN_SERVER_URL: `http://token-server:${PORTS.tokenServer}`,
    METRICS_PORT: String(PORTS.gatewayMetrics),
    // Registries alone reach the port (NetworkPolicy).
    NOTIFICATION_HOST: "0.0.0.0",
    NOTIFICATION_PORT: String(PORTS.notifications),
    NOTIFICATION_SECRET_FILE: `${ROOT}/private/gateway/notification`,
  };
}
