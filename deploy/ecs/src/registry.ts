import { Duration } from "aws-cdk-lib";
import * as ecs from "aws-cdk-lib/aws-ecs";
import { Construct } from "constructs";
import type { BlobBucket } from "./blob-bucket.ts";
import { writesFiles } from "./file-writer.ts";
import { imageOf } from "./images.ts";
import type { KeyVolumes } from "./key-volumes.ts";
import type { Passwords } from "./passwords.ts";
import { PORTS } from "./ports.ts";
import { Service, type ServiceParts } from "./service.ts";

/** What the registry needs besides what every part does. */
export interface RegistryParts extends ServiceParts {
  readonly blobs: BlobBucket;
  readonly volumes: KeyVolumes;
  readonly passwords: Passwords;
}

const SECRETS = "/etc/wharfinger/secrets";
const CONFIGURATION = "/etc/wharfinger/registry";
/** It has one thread of control for each request and answers nobody but gateways. */
const DRAIN_SECONDS = 100;

/**
 * The stock registry. Its configuration comes from the one source of it (registry-config), by a container that ends
 * before the registry starts; of keys it is given the public certificates alone.
 */
export class Registry extends Construct {
  readonly service: ecs.FargateService;

  constructor(scope: Construct, id: string, parts: RegistryParts) {
    super(scope, id);
    const { settings, blobs, volumes } = parts;
    const made = new Service(this, "Registry", {
      name: "registry",
      size: settings.registry,
      parts,
    });
    made.task.addVolume({ name: "secrets" });
    made.task.addVolume({ name: "configuration" });
    const secrets = this.#secrets(made, parts);
    const configuration = this.#configuration(made, parts);
    configuration.addContainerDependencies(after(secrets));
    const registry = made.addMain({
      image: ecs.ContainerImage.fromRegistry(settings.registryImage),
      port: PORTS.registry,
      command: [`${CONFIGURATION}/registry.yml`],
      environment: { OTEL_TRACES_EXPORTER: "none", AWS_REGION: settings.region },
      healthCheck: {
        // The registry's image has busybox; `/` is the one path that needs no token.
        command: ["CMD", "wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${PORTS.registry}/`],
        interval: Duration.seconds(15),
        retries: 4,
        startPeriod: Duration.seconds(30),
      },
    });
    registry.addContainerDependencies(after(configuration));
    registry.addMountPoints({
      sourceVolume: "configuration",
      containerPath: CONFIGURATION,
      readOnly: true,
    });
    volumes.mount(made.task, [registry], "trust", "read");
    blobs.grantToRegistry(made.task.taskRole);
    this.service = made.run();
  }

  #secrets({ task, logs }: Service, { settings, passwords }: RegistryParts) {
    const container = writesFiles(task, "secrets", {
      image: imageOf("setup", settings),
      logGroup: logs,
      files: [
        {
          path: `${SECRETS}/notification`,
          content: ecs.Secret.fromSecretsManager(passwords.notification),
        },
        { path: `${SECRETS}/http`, content: ecs.Secret.fromSecretsManager(passwords.registryHttp) },
      ],
    });
    container.addMountPoints({ sourceVolume: "secrets", containerPath: SECRETS, readOnly: false });
    return container;
  }

  #configuration({ task, logs }: Service, { settings, cluster, blobs }: RegistryParts) {
    const options = {
      registry: "3",
      storage: "s3",
      "s3-bucket": blobs.bucket.bucketName,
      "s3-region": settings.region,
      "notification-url": `http://${cluster.hostOf("gateway")}:${PORTS.notifications}/hooks/registry`,
      "notification-secret-file": `${SECRETS}/notification`,
      "http-secret-file": `${SECRETS}/http`,
      "root-cert-bundle": "/etc/wharfinger/trust/gateway.pem",
      "drain-seconds": String(DRAIN_SECONDS),
      out: `${CONFIGURATION}/registry.yml`,
    };
    const container = task.addContainer("configuration", {
      image: imageOf("setup", settings),
      essential: false,
      // An empty volume of Fargate is root's, and so is the registry, which has to read a file of mode 0600.
      user: "0:0",
      readonlyRootFilesystem: true,
      command: [
        "node",
        "dist/registry-config/src/main.js",
        ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
      ],
      logging: ecs.LogDrivers.awsLogs({ streamPrefix: "configuration", logGroup: logs }),
    });
    container.addMountPoints(
      { sourceVolume: "secrets", containerPath: SECRETS, readOnly: true },
      { sourceVolume: "configuration", containerPath: CONFIGURATION, readOnly: false },
    );
    return container;
  }
}

function after(container: ecs.ContainerDefinition): ecs.ContainerDependency {
  return { container, condition: ecs.ContainerDependencyCondition.SUCCESS };
}
