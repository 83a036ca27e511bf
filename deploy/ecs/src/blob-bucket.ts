import { Duration, RemovalPolicy } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as s3 from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import type { Settings } from "./settings.ts";

/** Longer than the registry itself keeps an upload that nobody goes on with (`uploadpurging`). */
const UPLOAD_DAYS = 8;

/** Where the registry keeps layers and manifests. */
export class BlobBucket extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, { bucket, logDays }: Settings) {
    super(scope, id);
    const basis: s3.BucketProps = {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
    };
    const accesses = new s3.Bucket(this, "Accesses", {
      ...basis,
      lifecycleRules: [{ expiration: Duration.days(logDays) }],
    });
    const { objectLockDays } = bucket;
    this.bucket = new s3.Bucket(this, "Blobs", {
      ...basis,
      versioned: true,
      serverAccessLogsBucket: accesses,
      ...(objectLockDays === undefined
        ? {}
        : {
            objectLockEnabled: true,
            objectLockDefaultRetention: s3.ObjectLockRetention.governance(
              Duration.days(objectLockDays),
            ),
          }),
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(UPLOAD_DAYS) },
        {
          noncurrentVersionExpiration: Duration.days(
            Math.max(bucket.deletedDays, objectLockDays ?? 0),
          ),
          expiredObjectDeleteMarker: true,
        },
      ],
    });
  }

  /**
   * What the registry's S3 driver needs, and nothing else: no versions, no policies, no other bucket.
   *
   * @param grantee - role of the registry's task
   */
  grantToRegistry(grantee: iam.IGrantable): void {
    const { bucketArn } = this.bucket;
    for (const statement of [
      {
        actions: ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
        resources: [bucketArn],
      },
      {
        actions: [
          "s3:GetObject",
          "s3:PutObject",
          "s3:DeleteObject",
          "s3:ListMultipartUploadParts",
          "s3:AbortMultipartUpload",
        ],
        resources: [`${bucketArn}/*`],
      },
    ])
      grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
  }
}
