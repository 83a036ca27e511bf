import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Settings } from "./settings.ts";

/** Where everything stands: a VPC of the stack's own, or one that was there. */
export class Network extends Construct {
  readonly vpc: ec2.IVpc;
  /** Where tasks, database and file system are; nothing of it is reached from outside. */
  readonly inside: ec2.SubnetSelection;
  /** Addresses that the load balancer may have: its word about clients counts (`TRUSTED_PROXIES`). */
  readonly balancerRanges: readonly string[];

  constructor(scope: Construct, id: string, { vpc, region, logDays }: Settings) {
    super(scope, id);
    if ("id" in vpc) {
      this.vpc = ec2.Vpc.fromVpcAttributes(this, "Vpc", {
        vpcId: vpc.id,
        region,
        vpcCidrBlock: vpc.cidr,
        availabilityZones: vpc.zones,
        publicSubnetIds: vpc.publicSubnets,
        privateSubnetIds: vpc.privateSubnets,
      });
      this.balancerRanges = [vpc.cidr];
    } else {
      const made = this.#make(vpc, region, logDays);
      this.vpc = made;
      this.balancerRanges = made.publicSubnets.map(({ ipv4CidrBlock }) => ipv4CidrBlock);
    }
    this.inside = { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };
  }

  #make(
    { cidr, zones, natGateways }: { cidr: string; zones: readonly string[]; natGateways: number },
    region: string,
    logDays: logs.RetentionDays,
  ): ec2.Vpc {
    const vpc = new ec2.Vpc(this, "Vpc", {
      ipAddresses: ec2.IpAddresses.cidr(cidr),
      availabilityZones: zones.map((letter) => `${region}${letter}`),
      natGateways,
      subnetConfiguration: [
        {
          name: "public",
          subnetType: ec2.SubnetType.PUBLIC,
          cidrMask: 24,
          mapPublicIpOnLaunch: false,
        },
        { name: "private", subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
      ],
      // Layers are most of all bytes: past the NAT gateway they cost nothing.
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    });
    vpc.addFlowLog("FlowLog", {
      trafficType: ec2.FlowLogTrafficType.REJECT,
      destination: ec2.FlowLogDestination.toCloudWatchLogs(
        new logs.LogGroup(this, "FlowLogs", { retention: logDays }),
      ),
    });
    return vpc;
  }
}
