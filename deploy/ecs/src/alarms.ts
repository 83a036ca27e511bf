import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import * as elbv2 from "aws-cdk-lib/aws-elasticloadbalancingv2";
import type * as logs from "aws-cdk-lib/aws-logs";
import { FilterPattern } from "aws-cdk-lib/aws-logs";
import type * as rds from "aws-cdk-lib/aws-rds";
import type * as sns from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { ALARMS, NAMESPACE, type AlarmRow } from "./alarm-table.ts";

const HTTP_5XX = elbv2.HttpCodeElb.ELB_5XX_COUNT;
const MINUTE = Duration.minutes(1);
const GIBIBYTE = 1024 ** 3;

/** What alarms look at besides the product's own metrics. */
export interface Watched {
  readonly topic: sns.ITopic;
  readonly database: rds.DatabaseInstance;
  readonly balancer: elbv2.ApplicationLoadBalancer;
  readonly setUpLogs: logs.LogGroup;
  readonly storageGiB: number;
}

/** Tells operators, by the topic of alarms, when somebody has to look. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, watched: Watched) {
    super(scope, id);
    const alarms = [
      ...ALARMS.map((row) => this.#ofRow(row)),
      this.#ofDatabase(watched),
      this.#ofBalancer(watched),
      this.#ofAuthority(watched),
    ];
    for (const alarm of alarms) {
      alarm.addAlarmAction(new SnsAction(watched.topic));
      alarm.addOkAction(new SnsAction(watched.topic));
    }
  }

  #ofRow({ metric, service, statistic, threshold, minutes, says, document }: AlarmRow) {
    const isLeast = statistic === "Minimum";
    return new cloudwatch.Alarm(this, `${service}-${metric}`, {
      metric: new cloudwatch.Metric({
        namespace: NAMESPACE,
        metricName: metric,
        dimensionsMap: { service },
        statistic,
        period: MINUTE,
      }),
      comparisonOperator: isLeast
        ? cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
        : cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold,
      evaluationPeriods: minutes,
      // No word of a service that has to be there is bad news; of the others it says nothing.
      treatMissingData: isLeast
        ? cloudwatch.TreatMissingData.BREACHING
        : cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription: `${service}: ${says}; docs/${document}`,
    });
  }

  #ofDatabase({ database, storageGiB }: Watched) {
    return new cloudwatch.Alarm(this, "database-storage", {
      metric: database.metricFreeStorageSpace({ statistic: "Minimum", period: MINUTE }),
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: (storageGiB / 10) * GIBIBYTE,
      evaluationPeriods: 5,
      alarmDescription: "Postgres: less than a tenth of the disk is free; docs/ledger.md",
    });
  }

  #ofBalancer({ balancer }: Watched) {
    return new cloudwatch.Alarm(this, "balancer-errors", {
      metric: balancer.metrics.httpCodeElb(HTTP_5XX, { statistic: "Sum", period: MINUTE }),
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 10,
      evaluationPeriods: 5,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription: "the load balancer finds nobody to ask; docs/operations.md",
    });
  }

  /** The registry reads the authorities when it starts and never again (docs/keys.md). */
  #ofAuthority({ setUpLogs }: Watched) {
    const filter = setUpLogs.addMetricFilter("Authority", {
      filterPattern: FilterPattern.literal('"ANOTHER AUTHORITY"'),
      metricNamespace: NAMESPACE,
      metricName: "authority_replaced",
      metricValue: "1",
    });
    return new cloudwatch.Alarm(this, "authority-replaced", {
      metric: filter.metric({ statistic: "Sum", period: Duration.minutes(5) }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription:
        "another authority certifies the gateways' keys: restart the registry within six weeks; deploy/ecs/README.md",
    });
  }
}
