import * as ecs from "aws-cdk-lib/aws-ecs";
import * as logs from "aws-cdk-lib/aws-logs";
import * as servicediscovery from "aws-cdk-lib/aws-servicediscovery";
import { Construct } from "constructs";
import type { Network } from "./network.ts";
import type { Settings } from "./settings.ts";

const NAMESPACE = "wharfinger.internal";

/** Where tasks run, and the names by which they find each other. */
export class Cluster extends Construct {
  readonly cluster: ecs.Cluster;
  /**
   * Cloud Map, whose names have every task's address. Service Connect would hide them, and a gateway has to ask each
   * process of the registry by itself (`REGISTRY_PROCESSES`).
   */
  readonly names: servicediscovery.PrivateDnsNamespace;
  readonly #logDays: logs.RetentionDays;

  constructor(
    scope: Construct,
    id: string,
    { network, settings }: { network: Network; settings: Settings },
  ) {
    super(scope, id);
    this.cluster = new ecs.Cluster(this, "Cluster", {
      vpc: network.vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
    this.names = new servicediscovery.PrivateDnsNamespace(this, "Names", {
      name: NAMESPACE,
      vpc: network.vpc,
    });
    this.#logDays = settings.logDays;
  }

  /**
   * @param name - of a part
   * @returns where its containers' lines go; audit checkpoints are among them, so they are kept when the stack goes
   */
  logsOf(name: string): logs.LogGroup {
    return new logs.LogGroup(this, `${name}Logs`, { retention: this.#logDays });
  }

  /**
   * @param name - of a service
   * @returns the host that has all of its tasks' addresses
   */
  hostOf(name: string): string {
    return `${name}.${NAMESPACE}`;
  }
}
