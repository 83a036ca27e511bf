import * as ecs from "aws-cdk-lib/aws-ecs";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import { METRIC_NAMES, NAMESPACE } from "./alarm-table.ts";

/** What the collector scrapes: `/metrics` of the service beside it, which listens on loopback alone. */
export interface Scraped {
  readonly service: string;
  readonly port: number;
}

/**
 * Adds the collector that brings the product's metrics to CloudWatch, those alone that alarms are about: each costs.
 *
 * @param task - the service's task
 * @param scraped - which service
 * @param options - image and log of the collector
 */
export function addMetricsSidecar(
  task: ecs.FargateTaskDefinition,
  scraped: Scraped,
  { image, logGroup }: { image: string; logGroup: LogGroup },
): void {
  const container = task.addContainer("metrics", {
    image: ecs.ContainerImage.fromRegistry(image),
    // Who is without metrics serves on; the alarm on what is missing tells.
    essential: false,
    memoryReservationMiB: 64,
    readonlyRootFilesystem: true,
    environment: {
      AOT_CONFIG_CONTENT: JSON.stringify(collectorConfig(scraped, logGroup.logGroupName)),
    },
    logging: ecs.LogDrivers.awsLogs({ streamPrefix: "metrics", logGroup }),
  });
  logGroup.grantWrite(task.taskRole);
  container.addUlimits({ name: ecs.UlimitName.NOFILE, softLimit: 4096, hardLimit: 4096 });
}

/** JSON is YAML. */
function collectorConfig({ service, port }: Scraped, logGroupName: string): unknown {
  return {
    receivers: {
      prometheus: {
        config: {
          global: { scrape_interval: "60s", scrape_timeout: "10s" },
          scrape_configs: [
            {
              job_name: service,
              static_configs: [{ targets: [`127.0.0.1:${port}`], labels: { service } }],
              metric_relabel_configs: [
                { source_labels: ["__name__"], regex: METRIC_NAMES.join("|"), action: "keep" },
              ],
            },
          ],
        },
      },
    },
    processors: { batch: { timeout: "10s" } },
    exporters: {
      awsemf: {
        namespace: NAMESPACE,
        log_group_name: logGroupName,
        log_stream_name: `metrics/${service}`,
        dimension_rollup_option: "NoDimensionRollup",
        metric_declarations: [
          {
            dimensions: [["service"]],
            metric_name_selectors: METRIC_NAMES.map((name) => `^${name}$`),
          },
        ],
      },
    },
    service: {
      pipelines: {
        metrics: { receivers: ["prometheus"], processors: ["batch"], exporters: ["awsemf"] },
      },
    },
  };
}
