import { Duration, RemovalPolicy } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as rds from "aws-cdk-lib/aws-rds";
import { Construct } from "constructs";
import type { Network } from "./network.ts";
import { PORTS } from "./ports.ts";
import type { Settings } from "./settings.ts";

const DATABASE = "wharfinger";
/** Beyond the default: 5432 is what everybody tries first, but the port is reached from the services alone. */
const MASTER = "wharfinger_master";

/** Postgres for ledger, audit log and token server; the only state beside the bucket and the keys. */
export class Database extends Construct {
  readonly instance: rds.DatabaseInstance;

  constructor(
    scope: Construct,
    id: string,
    { network, settings, key }: { network: Network; settings: Settings; key: kms.IKey },
  ) {
    super(scope, id);
    const { instance, storageGiB, multiAz, backupDays } = settings.database;
    const engine = rds.DatabaseInstanceEngine.postgres({
      version: rds.PostgresEngineVersion.VER_17,
    });
    this.instance = new rds.DatabaseInstance(this, "Postgres", {
      engine,
      instanceType: new ec2.InstanceType(instance),
      vpc: network.vpc,
      vpcSubnets: network.inside,
      securityGroups: [
        new ec2.SecurityGroup(this, "SecurityGroup", { vpc: network.vpc, allowAllOutbound: false }),
      ],
      databaseName: DATABASE,
      // For the set-up task alone, which makes the services' roles.
      credentials: rds.Credentials.fromGeneratedSecret(MASTER, { encryptionKey: key }),
      parameterGroup: new rds.ParameterGroup(this, "Parameters", {
        engine,
        parameters: { "rds.force_ssl": "1", log_min_duration_statement: "1000" },
      }),
      allocatedStorage: storageGiB,
      maxAllocatedStorage: storageGiB * 4,
      storageType: rds.StorageType.GP3,
      storageEncrypted: true,
      multiAz,
      backupRetention: Duration.days(backupDays),
      copyTagsToSnapshot: true,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.SNAPSHOT,
      monitoringInterval: Duration.seconds(60),
      cloudwatchLogsExports: ["postgresql"],
      cloudwatchLogsRetention: settings.logDays,
      autoMinorVersionUpgrade: true,
    });
    this.instance.addRotationSingleUser();
  }

  /** @returns what `DB_SUBNAME` is: the certificate and the name in it are checked */
  subname(authorities: string): string {
    const { dbInstanceEndpointAddress: host } = this.instance;
    return `//${host}:${PORTS.database}/${DATABASE}?sslmode=verify-full&sslrootcert=${authorities}`;
  }
}
