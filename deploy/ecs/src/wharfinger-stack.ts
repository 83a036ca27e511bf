import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { Alarms } from "./alarms.ts";
import { Balancer } from "./balancer.ts";
import { BlobBucket } from "./blob-bucket.ts";
import { Cluster } from "./cluster.ts";
import { Database } from "./database.ts";
import { Encryption } from "./encryption.ts";
import { Gateway } from "./gateway.ts";
import { KeyVolumes } from "./key-volumes.ts";
import { Network } from "./network.ts";
import type { OperatorFile } from "./operator-files.ts";
import { Passwords } from "./passwords.ts";
import { Registry } from "./registry.ts";
import { SetUp } from "./set-up.ts";
import { SetUpRun } from "./set-up-run.ts";
import type { Settings } from "./settings.ts";
import { TokenServer } from "./token-server.ts";
import { Topics } from "./topics.ts";
import { Ways } from "./ways.ts";

/** The whole product on ECS. */
export class WharfingerStack extends Stack {
  readonly #zones: string[];

  /** Told by the settings: the CDK would ask AWS, also where a VPC names its zones. */
  override get availabilityZones(): string[] {
    return this.#zones;
  }

  constructor(
    scope: Construct,
    {
      settings,
      operatorFiles,
      ...props
    }: StackProps & { settings: Settings; operatorFiles: readonly OperatorFile[] },
  ) {
    const { account, region, stackName } = settings;
    super(scope, stackName, { ...props, env: { account, region } });
    const { zones } = settings.vpc;
    this.#zones = "id" in settings.vpc ? zones : zones.map((letter) => `${region}${letter}`);
    const { key } = new Encryption(this, "Encryption");
    const network = new Network(this, "Network", settings);
    const ways = new Ways(this, "Ways", { network, settings });
    const passwords = new Passwords(this, "Passwords", key);
    const { alarmAddress } = settings;
    const topics = new Topics(this, "Topics", { key, alarmAddress });
    const blobs = new BlobBucket(this, "Blobs", settings);
    const database = new Database(this, "Database", { network, settings, key });
    const volumes = new KeyVolumes(this, "Keys", { network, key });
    ways.toDatabase(database.instance);
    ways.toVolumes(volumes.fileSystem);
    const cluster = new Cluster(this, "Cluster", { network, settings });

    const common = { cluster, network, settings, volumes, passwords };
    const setUp = new SetUp(this, "SetUp", {
      ...common,
      database,
      operatorFiles,
      securityGroup: ways.setUp,
    });
    const run = new SetUpRun(this, "SetUpRun", {
      setUp,
      cluster,
      network,
      securityGroup: ways.setUp,
      logDays: settings.logDays,
    });
    run.node.addDependency(database, volumes, ways);
    const registry = new Registry(this, "Registry", {
      ...common,
      blobs,
      securityGroup: ways.registry,
    });
    const tokenServer = new TokenServer(this, "TokenServer", {
      ...common,
      database,
      securityGroup: ways.tokenServer,
    });
    const gateway = new Gateway(this, "Gateway", {
      ...common,
      database,
      topics,
      securityGroup: ways.gateway,
    });
    // Keys, roles and migrations are there before anybody starts, and before anybody is replaced.
    for (const part of [registry, tokenServer, gateway]) part.service.node.addDependency(run);
    const { balancer } = new Balancer(this, "Balancer", {
      network,
      settings,
      securityGroup: ways.balancer,
      gateway: gateway.service,
      tokenServer: tokenServer.service,
    });
    new Alarms(this, "Alarms", {
      topic: topics.alarms,
      database: database.instance,
      balancer,
      setUpLogs: setUp.logs,
      storageGiB: settings.database.storageGiB,
    });
  }
}
