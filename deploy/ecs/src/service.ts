import { Duration } from "aws-cdk-lib";
import type * as ec2 from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import { DnsRecordType } from "aws-cdk-lib/aws-servicediscovery";
import { Construct } from "constructs";
import type { Cluster } from "./cluster.ts";
import { runtimePlatform } from "./images.ts";
import type { Network } from "./network.ts";
import type { Settings } from "./settings.ts";
import { TIMES } from "./times.ts";

/** What one part of the product needs to run. */
export interface ServiceParts {
  readonly cluster: Cluster;
  readonly network: Network;
  readonly settings: Settings;
  readonly securityGroup: ec2.ISecurityGroup;
}

/** Processor time at which there are to be more tasks, in per cent. */
const BUSY = 60;

/** A Fargate service as all parts are: several tasks in several zones, replaced one after another or not at all. */
export class Service extends Construct {
  readonly task: ecs.FargateTaskDefinition;
  readonly logs: LogGroup;
  readonly #name: string;
  readonly #parts: ServiceParts;
  readonly #size: Settings["gateway"];

  constructor(
    scope: Construct,
    id: string,
    { name, size, parts }: { name: string; size: Settings["gateway"]; parts: ServiceParts },
  ) {
    super(scope, id);
    this.#name = name;
    this.#parts = parts;
    this.#size = size;
    this.logs = parts.cluster.logsOf(id);
    this.task = new ecs.FargateTaskDefinition(this, "Task", {
      cpu: size.cpu,
      memoryLimitMiB: size.memoryMiB,
      runtimePlatform: runtimePlatform(parts.settings),
    });
  }

  /**
   * @param options - image, variables, secrets, port
   * @returns the container that is the service
   */
  addMain(
    options: Pick<
      ecs.ContainerDefinitionOptions,
      "image" | "environment" | "secrets" | "command"
    > & {
      readonly port: number;
      readonly healthCheck?: ecs.HealthCheck;
      readonly user?: string;
    },
  ): ecs.ContainerDefinition {
    const { port, ...rest } = options;
    return this.task.addContainer(this.#name, {
      ...rest,
      essential: true,
      readonlyRootFilesystem: true,
      // Node and the registry have no child processes to reap, but what is sent to them has to arrive.
      linuxParameters: new ecs.LinuxParameters(this, "Linux", { initProcessEnabled: true }),
      stopTimeout: Duration.seconds(TIMES.stop),
      portMappings: [{ containerPort: port }],
      logging: ecs.LogDrivers.awsLogs({ streamPrefix: this.#name, logGroup: this.logs }),
    });
  }

  /** @returns the service, once its task is whole */
  run(): ecs.FargateService {
    const { cluster, network, securityGroup } = this.#parts;
    const service = new ecs.FargateService(this, "Service", {
      cluster: cluster.cluster,
      taskDefinition: this.task,
      desiredCount: this.#size.min,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
      vpcSubnets: network.inside,
      securityGroups: [securityGroup],
      propagateTags: ecs.PropagatedTagSource.SERVICE,
      cloudMapOptions: {
        name: this.#name,
        cloudMapNamespace: cluster.names,
        dnsRecordType: DnsRecordType.A,
        dnsTtl: Duration.seconds(10),
      },
    });
    service
      .autoScaleTaskCount({ minCapacity: this.#size.min, maxCapacity: this.#size.max })
      .scaleOnCpuUtilization("Busy", {
        targetUtilizationPercent: BUSY,
        scaleInCooldown: Duration.minutes(10),
        scaleOutCooldown: Duration.minutes(1),
      });
    return service;
  }
}
