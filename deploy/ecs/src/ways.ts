import * as ec2 from "aws-cdk-lib/aws-ec2";
import { Construct } from "constructs";
import type { Network } from "./network.ts";
import { PORTS } from "./ports.ts";
import type { Settings } from "./settings.ts";

/** Who may connect to whom; what is not said here is not possible. */
export class Ways extends Construct {
  readonly balancer: ec2.SecurityGroup;
  readonly gateway: ec2.SecurityGroup;
  readonly tokenServer: ec2.SecurityGroup;
  readonly registry: ec2.SecurityGroup;
  readonly setUp: ec2.SecurityGroup;

  constructor(
    scope: Construct,
    id: string,
    { network, settings }: { network: Network; settings: Settings },
  ) {
    super(scope, id);
    const group = (name: string, allowAllOutbound: boolean) =>
      new ec2.SecurityGroup(this, name, { vpc: network.vpc, allowAllOutbound });
    this.balancer = group("Balancer", false);
    // They ask services of yours: webhooks, OAuth, LDAP, at ports that nobody knows here.
    this.gateway = group("Gateway", true);
    this.tokenServer = group("TokenServer", true);
    this.registry = group("Registry", false);
    this.setUp = group("SetUp", false);
    for (const clients of settings.clients)
      for (const port of [PORTS.https, PORTS.http])
        this.balancer.addIngressRule(ec2.Peer.ipv4(clients), ec2.Port.tcp(port), "clients");
    way(this.balancer, this.gateway, PORTS.gateway);
    way(this.balancer, this.tokenServer, PORTS.tokenServer);
    way(this.gateway, this.tokenServer, PORTS.tokenServer);
    way(this.gateway, this.registry, PORTS.registry);
    way(this.registry, this.gateway, PORTS.notifications);
    // Images, secrets and the bucket's API.
    for (const group of [this.registry, this.setUp])
      group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(PORTS.https), "Amazon's APIs");
  }

  /** Opens the database to those that have a role in it. */
  toDatabase({ connections }: ec2.IConnectable): void {
    for (const group of [this.gateway, this.tokenServer, this.setUp])
      way(group, connections, PORTS.database);
  }

  /** Opens the file system to those that mount a folder of it. */
  toVolumes({ connections }: ec2.IConnectable): void {
    for (const group of [this.gateway, this.tokenServer, this.registry, this.setUp])
      way(group, connections, PORTS.nfs);
  }
}

function way(from: ec2.SecurityGroup, to: ec2.IConnectable, port: number): void {
  const opened = ec2.Port.tcp(port);
  to.connections.allowFrom(from, opened);
}
