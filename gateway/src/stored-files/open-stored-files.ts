import { statSync } from "node:fs";
import { UsageError } from "#service-kit/command.js";
import type { Outgoing } from "#service-kit/http/outgoing.js";
import { filesOfBucket } from "./bucket.js";
import { filesOfFolder } from "./folder.js";
import { signingFor } from "./sign-request.js";
import type { StoredFiles } from "./stored-files.js";

/** Names of buckets (Amazon S3 User Guide, "Bucket naming rules"), and those of before. */
const BUCKET = /^s3:\/\/([A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9])(?:\/(.*))?$/s;
const DEFAULT_REGION = "us-east-1";

/**
 * @param option - by which the place was given, for messages
 * @param place - path of a folder, or `s3://bucket/prefix`
 * @param env - where region and endpoint of a bucket stand, by the names that all programs for AWS know: `AWS_REGION`, and
 *   `AWS_ENDPOINT_URL_S3` for a storage that is not Amazon's
 * @param outgoing - by which a bucket is asked
 * @returns the files there
 * @throws UsageError when there can be none
 */
export function openStoredFiles(
  option: string,
  place: string,
  env: NodeJS.ProcessEnv,
  outgoing: Outgoing,
): StoredFiles {
  if (!place.startsWith("s3:")) return filesOfFolder(existing(option, place));
  const [, bucket, path = ""] = BUCKET.exec(place) ?? [];
  if (bucket === undefined)
    throw new UsageError(`${option}: given ${place}, wanted a folder or s3://bucket/prefix`);
  const region = env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? DEFAULT_REGION;
  const endpoint = env["AWS_ENDPOINT_URL_S3"] ?? env["AWS_ENDPOINT_URL"] ?? null;
  if (endpoint !== null && !/^https?:\/\/[^/?#]+\/?$/.test(endpoint))
    throw new UsageError(
      `AWS_ENDPOINT_URL_S3: given ${JSON.stringify(endpoint)}, wanted http(s)://host`,
    );
  const trimmed = path.replace(/^\/+|\/+$/g, "");
  const prefix = trimmed === "" ? "" : `${trimmed}/`;
  const at = { bucket, prefix, region, endpoint: endpoint?.replace(/\/$/, "") ?? null };
  return filesOfBucket(at, { sign: signingFor(region), outgoing });
}

function existing(option: string, path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return path;
  throw new UsageError(`${option}: ${path} is no folder`);
}
