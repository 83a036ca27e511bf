import { Construct } from "constructs";
import { commonFiles, ownContainer, ROOT, TRUST } from "./own-container.ts";
import { podOf, secretFiles } from "./pods.ts";
import { PORTS } from "./ports.ts";
import { Service } from "./service.ts";
import type { Settings } from "./settings.ts";
import { TIMES } from "./times.ts";

const SERVICE_PORTS = { http: PORTS.tokenServer, metrics: PORTS.tokenServerMetrics } as const;

/** Logs people and machines in. Clients reach its `/token` by the ingress, gateways all of it. */
export class TokenServer extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { secrets, tokenServer: size } = settings;
    const mounted = [
      secretFiles("keys", secrets.tokenServer, `${ROOT}/private/token-server`),
      ...commonFiles(settings, secrets.databaseTokenServer),
    ];
    const container = ownContainer({
      name: "token-server",
      port: PORTS.tokenServer,
      ports: SERVICE_PORTS,
      environment: {
        ...settings.environment.tokenServer,
        DB_USER: "wharfinger_token_server",
        GATEWAY_TRUST_FILE: `${TRUST}/gateway.pem`,
        METRICS_PORT: String(PORTS.tokenServerMetrics),
      },
      ...{ settings, size, mounted },
    });
    const pod = podOf({
      component: "token-server",
      serviceAccountName: "token-server",
      containers: [container],
      volumes: mounted.map(({ volume }) => volume),
      graceSeconds: TIMES.grace,
      settings,
    });
    new Service(this, "Service", { component: "token-server", size, pod, ports: SERVICE_PORTS });
  }
}
