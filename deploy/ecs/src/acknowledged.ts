/** Findings of cdk-nag that stay as they are, and why. */
export interface Acknowledged {
  readonly rule: RegExp;
  /** Paths of constructs, below the stack. */
  readonly at: RegExp;
  readonly reason: string;
  /** Found only where images are built by the deployment. */
  readonly whenBuilt?: true;
}

/** A row that no finding fits any more has to go: a test looks. */
export const ACKNOWLEDGED: readonly Acknowledged[] = [
  {
    rule: /^AwsSolutions-EC23$/,
    at: /^Ways\/Balancer\//,
    reason:
      "A registry is asked from wherever images run. Who may connect is narrowed by the setting `clients`; nobody reads or writes without a login.",
  },
  {
    rule: /^AwsSolutions-SMG4$/,
    at: /^Passwords\//,
    reason:
      "Changed by one command of the README, since the database's role and the services that log in by it have to change in order. The master's password, which no service is given, rotates by itself.",
  },
  {
    rule: /^AwsSolutions-RDS11$/,
    at: /^Database\//,
    reason:
      "Another port hides nothing: the database has no public address, and security groups let three parts reach it.",
  },
  {
    rule: /^AwsSolutions-IAM4\[.*AmazonRDSEnhancedMonitoringRole\]$/,
    at: /^Database\//,
    reason:
      "Amazon's own policy for that one purpose: writing a database's figures into its own log group.",
  },
  {
    rule: /^AwsSolutions-IAM4\[.*AWSLambdaBasicExecutionRole\]$/,
    at: /^(?:LogRetention|SetUpRun\/)/,
    reason: "Lets a function of the deployment write its log, and nothing else.",
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    at: /^LogRetention/,
    reason:
      "The CDK's own function, which sets the retention of log groups; it runs at deployments alone.",
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    at: /^(?:SetUp|Gateway\/Gateway|TokenServer\/TokenServer|Registry\/Registry)\/Task\/ExecutionRole\//,
    whenBuilt: true,
    reason:
      "ecr:GetAuthorizationToken, which knows no narrower resource; what is pulled and read is named one by one.",
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    at: /^SetUpRun\/isComplete\//,
    reason:
      "ecs:DescribeTasks, held to this cluster by a condition: the task has no name before it runs.",
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:ecs:.*:task\/.*\]$/,
    at: /^SetUp\/Task\/EventsRole\//,
    reason: "Tasks that the weekly rule begins in this cluster have no name before they run.",
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::<SetUpRun\w+\.Arn>:\*\]$/,
    at: /^SetUpRun\/Provider\//,
    reason:
      "Versions of one function of this stack, which the CDK's provider calls at deployments.",
  },
  {
    rule: /^AwsSolutions-SF[12]$/,
    at: /^SetUpRun\/Provider\/waiter-state-machine\//,
    reason:
      "The CDK's own waiter, which asks every ten seconds while a deployment runs; the set-up task itself logs what it does.",
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::<Blobs\w+\.Arn>\/\*\]$/,
    at: /^Registry\/Registry\/Task\/TaskRole\//,
    reason: "All objects of one bucket, which is there for the registry alone.",
  },
  {
    rule: /^AwsSolutions-IAM5\[Action::kms:GenerateDataKey\*\]$/,
    at: /^Gateway\/Gateway\/Task\/TaskRole\//,
    reason:
      "Both forms of one action, on one key: what SNS needs of who publishes to an encrypted topic.",
  },
  {
    rule: /^AwsSolutions-ECS2$/,
    at: /\/?Task\/Resource$/,
    reason:
      "The variables say where parts are and what is configured (docs/configuration.md). Secrets come from Secrets Manager: a test looks for them.",
  },
  {
    rule: /^AwsSolutions-S1$/,
    at: /^Balancer\/Accesses\//,
    reason: "It holds access logs itself; logging its own accesses would go on for ever.",
  },
];
