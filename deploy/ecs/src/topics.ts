import type * as kms from "aws-cdk-lib/aws-kms";
import * as sns from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";

/** What is told to others: pushes to whoever subscribes, alarms to operators. */
export class Topics extends Construct {
  readonly pushes: sns.Topic;
  readonly alarms: sns.Topic;

  constructor(
    scope: Construct,
    id: string,
    { key, alarmAddress }: { key: kms.IKey; alarmAddress: string | undefined },
  ) {
    super(scope, id);
    this.pushes = new sns.Topic(this, "Pushes", { masterKey: key, enforceSSL: true });
    this.alarms = new sns.Topic(this, "Alarms", { masterKey: key, enforceSSL: true });
    if (alarmAddress !== undefined)
      this.alarms.addSubscription(new EmailSubscription(alarmAddress));
  }
}
