import { CustomResource, Duration } from "aws-cdk-lib";
import type * as ec2 from "aws-cdk-lib/aws-ec2";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Provider } from "aws-cdk-lib/custom-resources";
import { fileURLToPath } from "node:url";
import { Construct } from "constructs";
import type { Cluster } from "./cluster.ts";
import type { Network } from "./network.ts";
import type { SetUp } from "./set-up.ts";

const HANDLERS = fileURLToPath(new URL("../handlers", import.meta.url));
/** A new database, and a migration that takes its time. */
const MOST = Duration.minutes(30);

/** The set-up task's run at a deployment: what depends on this is changed when it has ended well, and never otherwise. */
export class SetUpRun extends Construct {
  constructor(
    scope: Construct,
    id: string,
    {
      setUp,
      cluster,
      network,
      securityGroup,
      logDays,
    }: {
      setUp: SetUp;
      cluster: Cluster;
      network: Network;
      securityGroup: ec2.ISecurityGroup;
      logDays: logs.RetentionDays;
    },
  ) {
    super(scope, id);
    const logGroup = new logs.LogGroup(this, "Logs", { retention: logDays });
    const handler = (name: string) =>
      new lambda.Function(this, name, {
        runtime: lambda.Runtime.NODEJS_24_X,
        code: lambda.Code.fromAsset(HANDLERS, { exclude: ["write-files.mjs", "*.d.mts"] }),
        handler: `index.${name}`,
        timeout: Duration.seconds(30),
        logGroup,
      });
    const begin = handler("begin");
    const isComplete = handler("isComplete");
    const { clusterArn } = cluster.cluster;
    setUp.task.grantRun(begin);
    isComplete.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ["ecs:DescribeTasks"],
        resources: ["*"],
        conditions: { ArnEquals: { "ecs:cluster": clusterArn } },
      }),
    );
    const provider = new Provider(this, "Provider", {
      onEventHandler: begin,
      isCompleteHandler: isComplete,
      queryInterval: Duration.seconds(10),
      totalTimeout: MOST,
      logGroup,
    });
    const run = new CustomResource(this, "Run", {
      serviceToken: provider.serviceToken,
      properties: {
        Cluster: clusterArn,
        // Another revision with each change of images, files or passwords: so it runs again.
        TaskDefinition: setUp.task.taskDefinitionArn,
        Subnets: network.vpc.selectSubnets(network.inside).subnetIds,
        SecurityGroups: [securityGroup.securityGroupId],
      },
    });
    run.node.addDependency(setUp);
  }
}
