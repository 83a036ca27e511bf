import { CfnOutput, Duration } from "aws-cdk-lib";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import type * as ec2 from "aws-cdk-lib/aws-ec2";
import type * as ecs from "aws-cdk-lib/aws-ecs";
import * as elbv2 from "aws-cdk-lib/aws-elasticloadbalancingv2";
import * as route53 from "aws-cdk-lib/aws-route53";
import { LoadBalancerTarget } from "aws-cdk-lib/aws-route53-targets";
import * as s3 from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import type { Network } from "./network.ts";
import { PORTS } from "./ports.ts";
import type { Settings } from "./settings.ts";
import { TIMES } from "./times.ts";

/** Who stands behind the load balancer. */
export interface BalancerParts {
  readonly network: Network;
  readonly settings: Settings;
  readonly securityGroup: ec2.ISecurityGroup;
  readonly gateway: ecs.FargateService;
  readonly tokenServer: ecs.FargateService;
}

/**
 * The one address that clients know: TLS ends here. `/token`, that path alone, goes to the token servers, all else to
 * the gateways.
 */
export class Balancer extends Construct {
  readonly balancer: elbv2.ApplicationLoadBalancer;

  constructor(scope: Construct, id: string, parts: BalancerParts) {
    super(scope, id);
    const { network, settings, securityGroup } = parts;
    this.balancer = new elbv2.ApplicationLoadBalancer(this, "Balancer", {
      vpc: network.vpc,
      internetFacing: true,
      securityGroup,
      deletionProtection: true,
      dropInvalidHeaderFields: true,
      idleTimeout: Duration.seconds(TIMES.balancerIdle),
    });
    this.balancer.logAccessLogs(accessLogs(this, settings));
    this.balancer.addRedirect({ open: false });
    const listener = this.balancer.addListener("Https", {
      port: PORTS.https,
      open: false,
      certificates: [Certificate.fromCertificateArn(this, "Certificate", settings.certificateArn)],
      sslPolicy: elbv2.SslPolicy.RECOMMENDED_TLS,
    });
    const target = (service: ecs.FargateService, containerName: string, containerPort: number) => ({
      port: containerPort,
      protocol: elbv2.ApplicationProtocol.HTTP,
      targets: [service.loadBalancerTarget({ containerName, containerPort })],
      deregistrationDelay: Duration.seconds(TIMES.deregistration),
      healthCheck: HEALTH,
    });
    listener.addTargets("Gateway", target(parts.gateway, "gateway", PORTS.gateway));
    listener.addTargets("Token", {
      ...target(parts.tokenServer, "token-server", PORTS.tokenServer),
      priority: 10,
      conditions: [elbv2.ListenerCondition.pathPatterns(["/token"])],
    });
    this.#name(settings);
  }

  #name({ hostedZone, domainName }: Settings): void {
    new CfnOutput(this, "Address", {
      description: `${domainName} has to lead there`,
      value: this.balancer.loadBalancerDnsName,
    });
    if (hostedZone === undefined) return;
    new route53.ARecord(this, "Name", {
      zone: route53.HostedZone.fromHostedZoneAttributes(this, "Zone", {
        hostedZoneId: hostedZone.id,
        zoneName: hostedZone.name,
      }),
      recordName: domainName,
      target: route53.RecordTarget.fromAlias(new LoadBalancerTarget(this.balancer)),
    });
  }
}

/**
 * Who is not ready for five minutes is replaced; before, and while nobody is, all are asked all the same, so that
 * pulls go on while the database fails over or is away.
 */
const HEALTH: elbv2.HealthCheck = {
  path: "/ready",
  healthyHttpCodes: "200",
  interval: Duration.seconds(30),
  timeout: Duration.seconds(10),
  healthyThresholdCount: 2,
  unhealthyThresholdCount: 10,
};

function accessLogs(scope: Construct, { logDays }: Settings): s3.Bucket {
  return new s3.Bucket(scope, "Accesses", {
    encryption: s3.BucketEncryption.S3_MANAGED,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    lifecycleRules: [{ expiration: Duration.days(logDays) }],
  });
}
