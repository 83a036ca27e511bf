import * as ecs from "aws-cdk-lib/aws-ecs";
import { Construct } from "constructs";
import type { Database } from "./database.ts";
import { imageOf } from "./images.ts";
import { DATABASE_AUTHORITIES, type KeyVolumes } from "./key-volumes.ts";
import { addMetricsSidecar } from "./metrics-sidecar.ts";
import type { Passwords } from "./passwords.ts";
import { PORTS } from "./ports.ts";
import { Service, type ServiceParts } from "./service.ts";
import { TIMES } from "./times.ts";

/** What a token server needs besides what every part does. */
export interface TokenServerParts extends ServiceParts {
  readonly database: Database;
  readonly volumes: KeyVolumes;
  readonly passwords: Passwords;
}

/** Logs people and machines in. Clients reach its `/token` by the load balancer, gateways all of it. */
export class TokenServer extends Construct {
  readonly service: ecs.FargateService;

  constructor(scope: Construct, id: string, parts: TokenServerParts) {
    super(scope, id);
    const { settings, passwords, volumes } = parts;
    const made = new Service(this, "TokenServer", {
      name: "token-server",
      size: settings.tokenServer,
      parts,
    });
    const container = made.addMain({
      image: imageOf("token-server", settings),
      port: PORTS.tokenServer,
      environment: { ...settings.environment.tokenServer, ...variables(parts) },
      secrets: { DB_PASSWORD: ecs.Secret.fromSecretsManager(passwords.tokenServer) },
    });
    for (const folder of ["tokenServer", "trust", "config"] as const)
      volumes.mount(made.task, [container], folder, "read");
    const { collectorImage: image } = settings;
    const scraped = { service: "token-server", port: PORTS.tokenServerMetrics };
    addMetricsSidecar(made.task, scraped, { image, logGroup: made.logs });
    this.service = made.run();
  }
}

function variables({ network, database }: TokenServerParts) {
  return {
    HOST: "0.0.0.0",
    PORT: String(PORTS.tokenServer),
    // The load balancer sends `/token` past the gateways.
    TRUSTED_PROXIES: network.balancerRanges.join(","),
    METRICS_HOST: "127.0.0.1",
    METRICS_PORT: String(PORTS.tokenServerMetrics),
    KEYS_DIR: "/etc/wharfinger/private",
    GATEWAY_TRUST_FILE: "/etc/wharfinger/trust/gateway.pem",
    DB_SUBNAME: database.subname(DATABASE_AUTHORITIES),
    DB_USER: "wharfinger_token_server",
    SHUTDOWN_DELAY_SECONDS: String(TIMES.shutdownDelay),
    DRAIN_SECONDS: String(TIMES.drain),
  };
}
