import { RemovalPolicy } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import type * as ecs from "aws-cdk-lib/aws-ecs";
import * as efs from "aws-cdk-lib/aws-efs";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import type { Network } from "./network.ts";

/** User of the images (`USER node` in deploy/Dockerfile). */
const NODE_USER = "1000";

/** The volumes of docker-compose, and where containers see them (deploy/compose/volumes.ts). */
const FOLDERS = {
  /** The authority's key, which the set-up task alone sees. */
  operator: "/etc/wharfinger/operator",
  gateway: "/etc/wharfinger/private/gateway",
  tokenServer: "/etc/wharfinger/private/token-server",
  /** Certificates, no keys. */
  trust: "/etc/wharfinger/trust",
  /** What gateways remember out of the database's reach. */
  state: "/var/lib/wharfinger",
  /** Files of the operator: rules and logins. */
  config: "/config",
} as const;

export type Folder = keyof typeof FOLDERS;

/** Authorities of RDS' certificates, beside those of our keys. */
export const DATABASE_AUTHORITIES = `${FOLDERS.trust}/database.pem`;

/**
 * Keys in a file system, since services follow them as files: a new key counts without a restart, and each task mounts
 * its own folder (an access point) by its own role (decision 0036).
 */
export class KeyVolumes extends Construct {
  readonly fileSystem: efs.FileSystem;
  readonly #points: Readonly<Record<Folder, efs.AccessPoint>>;

  constructor(scope: Construct, id: string, { network, key }: { network: Network; key: kms.IKey }) {
    super(scope, id);
    this.fileSystem = new efs.FileSystem(this, "FileSystem", {
      vpc: network.vpc,
      vpcSubnets: network.inside,
      securityGroup: new ec2.SecurityGroup(this, "SecurityGroup", {
        vpc: network.vpc,
        allowAllOutbound: false,
      }),
      encrypted: true,
      kmsKey: key,
      enableAutomaticBackups: true,
      allowAnonymousAccess: false,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const point = (name: Folder, permissions: string) =>
      this.fileSystem.addAccessPoint(name, {
        path: `/${name}`,
        createAcl: { ownerUid: NODE_USER, ownerGid: NODE_USER, permissions },
        posixUser: { uid: NODE_USER, gid: NODE_USER },
      });
    this.#points = {
      operator: point("operator", "700"),
      gateway: point("gateway", "700"),
      tokenServer: point("tokenServer", "700"),
      trust: point("trust", "755"),
      state: point("state", "700"),
      config: point("config", "755"),
    };
  }

  /**
   * Gives a container a folder, and its task's role the right to mount that one alone.
   *
   * @param task - the task's definition
   * @param containers - who sees the folder
   * @param folder - which one
   * @param access - whether they may write
   */
  mount(
    task: ecs.FargateTaskDefinition,
    containers: readonly ecs.ContainerDefinition[],
    folder: Folder,
    access: "read" | "write",
  ): void {
    const { accessPointId, accessPointArn } = this.#points[folder];
    task.addVolume({
      name: folder,
      efsVolumeConfiguration: {
        fileSystemId: this.fileSystem.fileSystemId,
        transitEncryption: "ENABLED",
        authorizationConfig: { accessPointId, iam: "ENABLED" },
      },
    });
    for (const container of containers)
      container.addMountPoints({
        sourceVolume: folder,
        containerPath: FOLDERS[folder],
        readOnly: access === "read",
      });
    task.addToTaskRolePolicy(
      new iam.PolicyStatement({
        actions: [
          "elasticfilesystem:ClientMount",
          ...(access === "write" ? ["elasticfilesystem:ClientWrite"] : []),
        ],
        resources: [this.fileSystem.fileSystemArn],
        conditions: { StringEquals: { "elasticfilesystem:AccessPointArn": accessPointArn } },
      }),
    );
  }
}
