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
import type { Topics } from "./topics.ts";

/** What a gateway needs besides what every part does. */
export interface GatewayParts extends ServiceParts {
  readonly database: Database;
  readonly volumes: KeyVolumes;
  readonly passwords: Passwords;
  readonly topics: Topics;
}

/** The one part that clients speak to, by way of the load balancer. */
export class Gateway extends Construct {
  readonly service: ecs.FargateService;

  constructor(scope: Construct, id: string, parts: GatewayParts) {
    super(scope, id);
    const { settings, passwords, volumes, topics } = parts;
    const made = new Service(this, "Gateway", { name: "gateway", size: settings.gateway, parts });
    const container = made.addMain({
      image: imageOf("gateway", settings),
      port: PORTS.gateway,
      environment: { ...settings.environment.gateway, ...variables(parts) },
      secrets: {
        DB_PASSWORD: ecs.Secret.fromSecretsManager(passwords.gateway),
        NOTIFICATION_SECRET: ecs.Secret.fromSecretsManager(passwords.notification),
      },
    });
    container.addPortMappings({ containerPort: PORTS.notifications });
    for (const folder of ["gateway", "trust", "config"] as const)
      volumes.mount(made.task, [container], folder, "read");
    volumes.mount(made.task, [container], "state", "write");
    topics.pushes.grantPublish(made.task.taskRole);
    const { collectorImage: image } = settings;
    const scraped = { service: "gateway", port: PORTS.gatewayMetrics };
    addMetricsSidecar(made.task, scraped, { image, logGroup: made.logs });
    this.service = made.run();
  }
}

function variables({ settings, cluster, network, database, topics }: GatewayParts) {
  return {
    HOST: "0.0.0.0",
    PORT: String(PORTS.gateway),
    PUBLIC_URL: `https://${settings.domainName}`,
    API_REPOSITORY: settings.domainName,
    TRUSTED_PROXIES: network.balancerRanges.join(","),
    // The collector beside it reads them, and nobody else.
    METRICS_HOST: "127.0.0.1",
    METRICS_PORT: String(PORTS.gatewayMetrics),
    KEYS_DIR: "/etc/wharfinger/private",
    STATE_DIR: "/var/lib/wharfinger",
    DB_SUBNAME: database.subname(DATABASE_AUTHORITIES),
    DB_USER: "wharfinger_gateway",
    REGISTRY_URL: `http://${cluster.hostOf("registry")}:${PORTS.registry}`,
    TOKEN_SERVER_URL: `http://${cluster.hostOf("token-server")}:${PORTS.tokenServer}`,
    // Registries alone reach the port (security groups).
    NOTIFICATION_HOST: "0.0.0.0",
    NOTIFICATION_PORT: String(PORTS.notifications),
    API_SNS_TOPIC_ARN: topics.pushes.topicArn,
    API_SNS_REGION: settings.region,
    AWS_REGION: settings.region,
    SHUTDOWN_DELAY_SECONDS: String(TIMES.shutdownDelay),
    DRAIN_SECONDS: String(TIMES.drain),
  };
}
