import { lookup } from "node:dns/promises";
import type { Upstream } from "../../upstream/upstream.js";
import { MARKER } from "#registry-protocol/storage-marker.js";
import { bad, good, look, reasonOf, type Finding } from "./finding.js";
import type { S3Settings } from "./registry-file.js";

const TIMEOUT_MILLISECONDS = 5_000;

/**
 * @param upstream - the registry
 * @returns whether it reaches its storage, and that bears the marker by which it is known
 */
export async function checkStorage(upstream: Pick<Upstream, "digestOfTag">): Promise<Finding> {
  try {
    const digest = await upstream.digestOfTag(MARKER.repository, MARKER.tag);
    if (digest !== null) return good("storage", "the registry reads it, and it has the marker");
    return look(
      "storage",
      "the registry reads it, and it has no marker",
      "a gateway writes one at its first start; later: npm run storage -- show (docs/storage.md)",
    );
  } catch (error) {
    return bad("storage", reasonOf(error), "can the registry reach its storage? its log says more");
  }
}

/**
 * Asks as somebody without keys does: whatever comes back, there is a way there, and a bucket of that name or none.
 *
 * @param s3 - where the registry's configuration says that blobs are
 * @returns whether it is reached from here
 */
export async function checkBucket(s3: S3Settings): Promise<Finding> {
  const check = "S3";
  const url = bucketUrl(s3);
  try {
    await lookup(url.hostname.replace(/^\[|\]$/g, ""));
    const answer = await fetch(url, {
      ...{ method: "HEAD", redirect: "manual" as const },
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
    const region = answer.headers.get("x-amz-bucket-region");
    if (answer.status === 404)
      return bad(
        check,
        `${url.host} has no bucket ${s3.bucket}`,
        "mend bucket or region in the registry's file",
      );
    if (
      answer.status === 301 ||
      (region !== null && s3.region !== undefined && region !== s3.region)
    )
      return bad(
        check,
        `${s3.bucket} is in region ${region ?? "another one"}`,
        "mend region in the registry's file",
      );
    if (answer.status >= 500)
      return bad(check, `${url.host} answers ${answer.status}`, "look into the storage's own log");
    if (answer.status === 200)
      return look(
        check,
        `${url.host} lets anybody look into ${s3.bucket}`,
        "take public access away: blobs are read past the gateway",
      );
    if (url.protocol === "http:")
      return look(
        check,
        `${url.host} is reached without TLS`,
        "secure: true in the registry's file",
      );
    return good(check, `${url.host} is reached, and ${s3.bucket} is closed to strangers`);
  } catch (error) {
    return bad(
      check,
      `${url.host}: ${reasonOf(error)}`,
      "mend DNS, the route, or regionendpoint; this was asked from here, and not from the registry",
    );
  }
}

function bucketUrl({ bucket, region = "us-east-1", regionendpoint, secure }: S3Settings): URL {
  const endpoint = regionendpoint ?? "";
  if (endpoint === "") return new URL(`https://s3.${region}.amazonaws.com/${bucket}`);
  const scheme = secure === false ? "http" : "https";
  const origin = endpoint.includes("://") ? endpoint : `${scheme}://${endpoint}`;
  return new URL(`${origin.replace(/\/+$/, "")}/${bucket}`);
}
