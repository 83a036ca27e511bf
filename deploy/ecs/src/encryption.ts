import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";

/** The key of topics, passwords and the file system of keys. */
export class Encryption extends Construct {
  readonly key: kms.Key;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.key = new kms.Key(this, "Key", {
      description: "Wharfinger: topics, secrets and keys",
      enableKeyRotation: true,
    });
    // Alarms cannot be told to a topic under the key that Amazon manages.
    this.key.grantEncryptDecrypt(new ServicePrincipal("cloudwatch.amazonaws.com"));
  }
}
