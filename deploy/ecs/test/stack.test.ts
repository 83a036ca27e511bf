import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import { ACKNOWLEDGED } from "../src/acknowledged.ts";
import { ALARMS } from "../src/alarm-table.ts";
import { findingsIn } from "../src/nag.ts";
import { OWN_VARIABLES } from "../src/own-variables.ts";
import { containersOf, ofType, synthesize, type Container } from "./support.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const WHOLE = synthesize({}, [{ name: "policy.yaml", text: "rules: []" }]);
const { template } = WHOLE;
const gateway = containersOf(WHOLE, "GatewayTask");
const tokenServer = containersOf(WHOLE, "TokenServerTask");
const registry = containersOf(WHOLE, "RegistryTask");
const setUp = containersOf(WHOLE, "SetUpTask");
const SERVICES = [gateway["gateway"], tokenServer["token-server"], registry["registry"]].filter(
  (one) => one !== undefined,
);

function names(container: Container | undefined): string[] {
  return [...(container?.Environment ?? []), ...(container?.Secrets ?? [])].map(({ Name }) => Name);
}

function valueOf(container: Container | undefined, name: string): unknown {
  return container?.Environment?.find(({ Name }) => Name === name)?.Value;
}

function mountsOf(container: Container | undefined): string[] {
  return (container?.MountPoints ?? []).map(
    ({ SourceVolume, ReadOnly }) => `${SourceVolume}${ReadOnly ? "" : " (written)"}`,
  );
}

describe("cdk-nag", () => {
  const findings = findingsIn(WHOLE.stack);

  test("finds nothing that has no reason to stay", () => {
    assert.ok(findings.length > 10);
    const bare = findings.filter(({ row }) => row === undefined);
    assert.deepEqual(
      bare.map(({ rule, path }) => `${rule} ${path}`),
      [],
    );
  });

  test("finds something for each reason that is given", () => {
    const idle = ACKNOWLEDGED.filter(
      (row) => row.whenBuilt !== true && !findings.some((finding) => finding.row === row),
    );
    assert.deepEqual(idle, []);
  });
});

describe("the services", () => {
  test("stand twice at least, and a deployment that fails is rolled back", () => {
    const services = ofType(WHOLE, "AWS::ECS::Service");
    assert.equal(services.length, 3);
    for (const { Properties } of services) {
      assert.equal(Properties["DesiredCount"], 2);
      const configuration = Properties["DeploymentConfiguration"] as Record<string, unknown>;
      assert.deepEqual(configuration["DeploymentCircuitBreaker"], { Enable: true, Rollback: true });
      assert.equal(configuration["MinimumHealthyPercent"], 100);
    }
    template.resourceCountIs("AWS::ApplicationAutoScaling::ScalingPolicy", 3);
  });

  test("have time to end before they are killed", () => {
    for (const container of SERVICES) assert.equal(container.StopTimeout, 120);
    for (const container of SERVICES.slice(0, 2)) {
      const seconds = ["SHUTDOWN_DELAY_SECONDS", "DRAIN_SECONDS"].map((name) =>
        Number(valueOf(container, name)),
      );
      assert.ok(seconds.every((one) => one > 0));
      assert.ok(seconds.reduce((sum, one) => sum + one) < 120);
    }
  });

  test("write nowhere but to what is mounted", () => {
    for (const container of SERVICES) assert.equal(container.ReadonlyRootFilesystem, true);
  });

  test("begin and change when keys, roles and migrations are there", () => {
    const [run] = Object.entries(WHOLE.resources).filter(
      ([, { Type }]) => Type === "AWS::CloudFormation::CustomResource",
    );
    for (const { DependsOn } of ofType(WHOLE, "AWS::ECS::Service"))
      assert.ok(DependsOn?.includes(run?.[0] ?? "none"));
  });

  test("are given variables that docs/configuration.md has, and no secret among them", () => {
    const documented = readFileSync(`${ROOT}/docs/configuration.md`, "utf8");
    const given = SERVICES.slice(0, 2).flatMap(names);
    assert.ok(given.length > 25);
    assert.deepEqual(
      given.filter((name) => !documented.includes(`\`${name}\``)),
      [],
    );
    const plain = SERVICES.flatMap(({ Environment = [] }) => Environment.map(({ Name }) => Name));
    assert.deepEqual(
      plain.filter((name) => /PASSWORD|SECRET|KEY$/.test(name)),
      [],
    );
  });

  test("cannot be given by an operator what the stack sets", () => {
    const own = [gateway["gateway"], tokenServer["token-server"]].flatMap((container) =>
      names(container).filter((name) => !name.startsWith("HTTP_")),
    );
    assert.deepEqual([...new Set(own)].sort(), [...OWN_VARIABLES].sort());
  });

  test("check the database's certificate and its name", () => {
    for (const container of [gateway["gateway"], tokenServer["token-server"], setUp["database"]])
      assert.match(
        JSON.stringify(valueOf(container, "DB_SUBNAME")),
        /sslmode=verify-full&sslrootcert=\/etc\/wharfinger\/trust\/database\.pem/,
      );
    template.hasResourceProperties("AWS::RDS::DBParameterGroup", {
      Parameters: { "rds.force_ssl": "1" },
    });
  });
});

describe("keys and secrets", () => {
  test("are mounted by those alone whom they are for", () => {
    assert.deepEqual(mountsOf(gateway["gateway"]).sort(), [
      "config",
      "gateway",
      "state (written)",
      "trust",
    ]);
    assert.deepEqual(mountsOf(tokenServer["token-server"]).sort(), [
      "config",
      "tokenServer",
      "trust",
    ]);
    assert.deepEqual(mountsOf(registry["registry"]).sort(), ["configuration", "trust"]);
    assert.deepEqual(mountsOf(setUp["database"]).sort(), ["roles", "trust"]);
    assert.ok(mountsOf(setUp["keys"]).includes("operator (written)"));
  });

  test("of the authority are mounted by no service's role", () => {
    const mounts = Object.entries(WHOLE.resources).filter(
      ([, { Type, Properties }]) =>
        Type === "AWS::IAM::Policy" && JSON.stringify(Properties).includes("FileSystemoperator"),
    );
    assert.deepEqual(
      mounts.map(([id]) => id.startsWith("SetUpTaskTaskRole")),
      [true],
    );
  });

  test("of the database are the role's own; the master's is the set-up task's", () => {
    const secretOf = (container: Container | undefined, name: string) =>
      JSON.stringify(container?.Secrets?.find(({ Name }) => Name === name)?.ValueFrom);
    assert.match(secretOf(gateway["gateway"], "DB_PASSWORD"), /PasswordsGateway/);
    assert.match(secretOf(tokenServer["token-server"], "DB_PASSWORD"), /PasswordsTokenServer/);
    assert.match(secretOf(setUp["database"], "DB_PASSWORD"), /DatabasePostgresSecret/);
  });

  test("pass through the steps of a task in order", () => {
    const after = (container: Container | undefined) =>
      container?.DependsOn?.map(({ ContainerName, Condition }) => `${ContainerName} ${Condition}`);
    assert.deepEqual(after(registry["configuration"]), ["secrets SUCCESS"]);
    assert.deepEqual(after(registry["registry"]), ["configuration SUCCESS"]);
    assert.deepEqual(after(setUp["database"]), ["files SUCCESS", "keys SUCCESS"]);
  });
});

describe("the registry", () => {
  const rules = ["AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroup"].flatMap((type) =>
    ofType(WHOLE, type),
  );

  test("is reached by gateways alone, and its notifications reach them", () => {
    const into = (port: number) =>
      rules
        .filter(({ Properties }) => Properties["FromPort"] === port && "GroupId" in Properties)
        .map(({ Properties }) => JSON.stringify(Properties["SourceSecurityGroupId"]));
    assert.equal(into(5000).length, 1);
    assert.match(into(5000)[0] ?? "", /WaysGateway/);
    assert.equal(into(8082).length, 1);
    assert.match(into(8082)[0] ?? "", /WaysRegistry/);
    assert.match(
      JSON.stringify(registry["configuration"]?.Command),
      /http:\/\/gateway\.wharfinger\.internal:8082\/hooks\/registry/,
    );
    assert.equal(valueOf(gateway["gateway"], "NOTIFICATION_HOST"), "0.0.0.0");
  });

  test("may do in its bucket what its driver does, and nothing elsewhere", () => {
    const policies = Object.entries(WHOLE.resources).filter(([id]) =>
      id.startsWith("RegistryTaskTaskRoleDefaultPolicy"),
    );
    const actions = policies.flatMap(
      ([, { Properties }]) =>
        (Properties["PolicyDocument"] as { Statement: { Action: string | string[] }[] }).Statement,
    );
    const s3 = actions.flatMap(({ Action }) => Action).filter((one) => one.startsWith("s3:"));
    assert.deepEqual(s3.sort(), [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetBucketLocation",
      "s3:GetObject",
      "s3:ListBucket",
      "s3:ListBucketMultipartUploads",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]);
  });

  test("keeps blobs in a private, encrypted bucket with versions", () => {
    template.hasResourceProperties("AWS::S3::Bucket", {
      VersioningConfiguration: { Status: "Enabled" },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
  });
});

describe("the load balancer", () => {
  test("asks /ready, sends /token alone to the token servers, and speaks TLS", () => {
    for (const { Properties } of ofType(WHOLE, "AWS::ElasticLoadBalancingV2::TargetGroup"))
      assert.equal(Properties["HealthCheckPath"], "/ready");
    template.hasResourceProperties("AWS::ElasticLoadBalancingV2::ListenerRule", {
      Conditions: [{ Field: "path-pattern", PathPatternConfig: { Values: ["/token"] } }],
    });
    template.hasResourceProperties("AWS::ElasticLoadBalancingV2::Listener", {
      Port: 443,
      Protocol: "HTTPS",
    });
    template.hasResourceProperties("AWS::ElasticLoadBalancingV2::Listener", {
      Port: 80,
      DefaultActions: [{ Type: "redirect" }],
    });
  });

  test("keeps a silent connection longer than a gateway does", () => {
    const [balancer] = ofType(WHOLE, "AWS::ElasticLoadBalancingV2::LoadBalancer");
    const attributes = balancer?.Properties["LoadBalancerAttributes"] as {
      Key: string;
      Value: string;
    }[];
    const idle = attributes.find(({ Key }) => Key === "idle_timeout.timeout_seconds")?.Value;
    assert.ok(Number(idle) > 900);
  });
});

describe("what has to last", () => {
  test("outlives the stack, and the database is not deleted by mistake", () => {
    template.hasResource("AWS::RDS::DBInstance", {
      DeletionPolicy: "Snapshot",
      Properties: {
        DeletionProtection: true,
        StorageEncrypted: true,
        MultiAZ: true,
        BackupRetentionPeriod: 14,
        PubliclyAccessible: false,
      },
    });
    template.hasResource("AWS::EFS::FileSystem", { DeletionPolicy: "Retain" });
    const buckets = ofType(WHOLE, "AWS::S3::Bucket").map(({ DeletionPolicy }) => DeletionPolicy);
    assert.deepEqual([...new Set(buckets)], ["Retain"]);
  });

  test("is locked in the bucket where the settings say so", () => {
    const locked = synthesize({ bucket: { objectLockDays: 30 } });
    locked.template.hasResourceProperties("AWS::S3::Bucket", {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 30 } } },
    });
  });
});

describe("alarms", () => {
  const sources = globSync("{gateway,token-server,service-kit,audit-log}/src/**/*.ts", {
    cwd: ROOT,
  })
    .map((path) => readFileSync(`${ROOT}/${path}`, "utf8"))
    .join("\n");

  test("are about metrics that the product has", () => {
    assert.deepEqual(
      ALARMS.filter(({ metric }) => !sources.includes(`"${metric}"`)),
      [],
    );
  });

  test("lead to documents that are there, and to operators", () => {
    for (const { document } of ALARMS) readFileSync(`${ROOT}/docs/${document}`);
    const alarms = ofType(WHOLE, "AWS::CloudWatch::Alarm");
    const ours = alarms.filter(({ Properties }) => Properties["AlarmDescription"] !== undefined);
    assert.equal(ours.length, ALARMS.length + 3);
    for (const { Properties } of ours)
      assert.match(JSON.stringify(Properties["AlarmActions"]), /TopicsAlarms/);
  });
});

describe("a VPC that was there", () => {
  test("is used as it is, and none is made", () => {
    const given = synthesize({
      vpc: {
        id: "vpc-1",
        cidr: "10.1.0.0/16",
        zones: ["eu-central-1a", "eu-central-1b"],
        publicSubnets: ["subnet-1", "subnet-2"],
        privateSubnets: ["subnet-3", "subnet-4"],
      },
    });
    given.template.resourceCountIs("AWS::EC2::VPC", 0);
    const container = containersOf(given, "GatewayTask")["gateway"];
    assert.equal(valueOf(container, "TRUSTED_PROXIES"), "10.1.0.0/16");
  });
});
