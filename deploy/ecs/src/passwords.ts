import type * as kms from "aws-cdk-lib/aws-kms";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";

const LENGTH = 48;

/** What parts show each other, each in a secret of its own, so that each task is given no more than its own. */
export class Passwords extends Construct {
  /** Of the database's roles (docs/database.md). */
  readonly owner: secretsmanager.Secret;
  readonly auditor: secretsmanager.Secret;
  readonly gateway: secretsmanager.Secret;
  readonly tokenServer: secretsmanager.Secret;
  /** Shown by the registry's notifications. */
  readonly notification: secretsmanager.Secret;
  /** Key of the registry's upload states, the same for all of its replicas. */
  readonly registryHttp: secretsmanager.Secret;

  constructor(scope: Construct, id: string, key: kms.IKey) {
    super(scope, id);
    const secret = (name: string, description: string) =>
      new secretsmanager.Secret(this, name, {
        description: `Wharfinger: ${description}`,
        encryptionKey: key,
        // Printable ASCII without blanks, which every form that the services want allows.
        generateSecretString: { passwordLength: LENGTH, excludePunctuation: true },
      });
    this.owner = secret("Owner", "database role that migrates");
    this.auditor = secret("Auditor", "database role of npm run verify");
    this.gateway = secret("Gateway", "database role of the gateways");
    this.tokenServer = secret("TokenServer", "database role of the token servers");
    this.notification = secret("Notification", "shown by the registry's notifications");
    this.registryHttp = secret("RegistryHttp", "upload states of the registry");
  }
}
