import { createHash, createHmac } from "node:crypto";

/** Whoever an S3 server knows. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A request without a body or a query. */
interface S3Request {
  readonly method: string;
  readonly url: string;
  readonly region: string;
}

/**
 * @param request - what is asked
 * @param credentials - by whom
 * @returns it with AWS's signature, version 4, for `fetch`
 */
export function signedForS3(
  { method, url, region }: S3Request,
  { accessKeyId, secretAccessKey }: S3Credentials,
): RequestInit {
  const { host, pathname } = new URL(url);
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const scope = [time.slice(0, 8), region, "s3", "aws4_request"];
  const content = hashOf("");
  const names = "host;x-amz-content-sha256;x-amz-date";
  const lines = [`host:${host}`, `x-amz-content-sha256:${content}`, `x-amz-date:${time}`];
  const canonical = [method, pathname, "", ...lines, "", names, content].join("\n");
  const text = ["AWS4-HMAC-SHA256", time, scope.join("/"), hashOf(canonical)].join("\n");
  const key = scope.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
  const authorization = [
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope.join("/")}`,
    `SignedHeaders=${names}`,
    `Signature=${hmac(key, text).toString("hex")}`,
  ].join(", ");
  const headers = { authorization, "x-amz-content-sha256": content, "x-amz-date": time };
  return { method, headers };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
