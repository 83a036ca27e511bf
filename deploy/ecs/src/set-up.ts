import { Duration } from "aws-cdk-lib";
import type * as ec2 from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import * as events from "aws-cdk-lib/aws-events";
import { EcsTask } from "aws-cdk-lib/aws-events-targets";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { databaseAuthorities } from "./authorities.ts";
import type { Cluster } from "./cluster.ts";
import type { Database } from "./database.ts";
import { writesFiles, type WrittenFile } from "./file-writer.ts";
import { imageOf, runtimePlatform } from "./images.ts";
import { DATABASE_AUTHORITIES, type Folder, type KeyVolumes } from "./key-volumes.ts";
import type { Network } from "./network.ts";
import type { OperatorFile } from "./operator-files.ts";
import type { Passwords } from "./passwords.ts";
import type { Settings } from "./settings.ts";

/** What the set-up task works on. */
export interface SetUpParts {
  readonly cluster: Cluster;
  readonly network: Network;
  readonly database: Database;
  readonly volumes: KeyVolumes;
  readonly passwords: Passwords;
  readonly settings: Settings;
  readonly operatorFiles: readonly OperatorFile[];
  readonly securityGroup: ec2.ISecurityGroup;
}

const WRITTEN: readonly Folder[] = ["operator", "gateway", "tokenServer", "trust"];
/** Where `deploy/compose/database.ts` looks for the roles' passwords before it makes some. */
const ROLES = "/etc/wharfinger/database";
const WEEK = Duration.days(7);

/**
 * The one task that sees the authority's key and the database's master password: makes keys, roles and migrations, and
 * ends. It runs at every deployment, before the services change, and every week for the next keys.
 */
export class SetUp extends Construct {
  readonly task: ecs.FargateTaskDefinition;
  readonly logs: LogGroup;

  constructor(scope: Construct, id: string, parts: SetUpParts) {
    super(scope, id);
    const { settings, cluster } = parts;
    this.logs = cluster.logsOf("SetUp");
    this.task = new ecs.FargateTaskDefinition(this, "Task", {
      cpu: 512,
      memoryLimitMiB: 1024,
      runtimePlatform: runtimePlatform(settings),
    });
    this.task.addVolume({ name: "roles" });
    const files = this.#files(parts);
    const keys = this.#keys(parts);
    const database = this.#database(parts);
    // A task goes on for as long as an essential container does, so the last one is.
    keys.addContainerDependencies(after(files));
    database.addContainerDependencies(after(files), after(keys));
    for (const folder of WRITTEN) parts.volumes.mount(this.task, [keys], folder, "write");
    files.addMountPoints(
      { sourceVolume: "trust", containerPath: "/etc/wharfinger/trust", readOnly: false },
      { sourceVolume: "roles", containerPath: ROLES, readOnly: false },
    );
    database.addMountPoints(
      { sourceVolume: "trust", containerPath: "/etc/wharfinger/trust", readOnly: true },
      { sourceVolume: "roles", containerPath: ROLES, readOnly: true },
    );
    parts.volumes.mount(this.task, [files], "config", "write");
    this.#everyWeek(parts);
  }

  #files({ settings, passwords, operatorFiles }: SetUpParts): ecs.ContainerDefinition {
    const role = (path: string, secret: WrittenFile["content"]) => ({
      path: `${ROLES}/${path}`,
      content: secret,
    });
    return writesFiles(this.task, "files", {
      image: imageOf("setup", settings),
      logGroup: this.logs,
      files: [
        { path: DATABASE_AUTHORITIES, content: databaseAuthorities(settings.region) },
        role("operator/owner", ecs.Secret.fromSecretsManager(passwords.owner)),
        role("operator/auditor", ecs.Secret.fromSecretsManager(passwords.auditor)),
        role("gateway/password", ecs.Secret.fromSecretsManager(passwords.gateway)),
        role("token-server/password", ecs.Secret.fromSecretsManager(passwords.tokenServer)),
        ...operatorFiles.map(({ name, text }) => ({ path: `/config/${name}`, content: text })),
      ],
    });
  }

  /** Not read-only: the program writes docker-compose's registry configuration, too, which nobody uses here. */
  #keys({ settings }: SetUpParts): ecs.ContainerDefinition {
    return this.task.addContainer("keys", {
      image: imageOf("setup", settings),
      essential: false,
      logging: ecs.LogDrivers.awsLogs({ streamPrefix: "keys", logGroup: this.logs }),
    });
  }

  #database({ settings, database }: SetUpParts): ecs.ContainerDefinition {
    const { secret } = database.instance;
    if (secret === undefined) throw new Error("the database has no secret of its master user");
    return this.task.addContainer("database", {
      image: imageOf("database", settings),
      readonlyRootFilesystem: true,
      environment: { DB_SUBNAME: database.subname(DATABASE_AUTHORITIES) },
      secrets: {
        DB_USER: ecs.Secret.fromSecretsManager(secret, "username"),
        DB_PASSWORD: ecs.Secret.fromSecretsManager(secret, "password"),
      },
      logging: ecs.LogDrivers.awsLogs({ streamPrefix: "database", logGroup: this.logs }),
    });
  }

  #everyWeek({ cluster, network, securityGroup }: SetUpParts): void {
    new events.Rule(this, "EveryWeek", {
      description: "Wharfinger: the gateways' next keys (docs/keys.md)",
      schedule: events.Schedule.rate(WEEK),
      targets: [
        new EcsTask({
          cluster: cluster.cluster,
          taskDefinition: this.task,
          subnetSelection: network.inside,
          securityGroups: [securityGroup],
        }),
      ],
    });
  }
}

function after(container: ecs.ContainerDefinition): ecs.ContainerDependency {
  return { container, condition: ecs.ContainerDependencyCondition.SUCCESS };
}
