import { createHash, createHmac } from "node:crypto";
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { SignatureV4 } from "@smithy/signature-v4";

/** A request to be signed; nothing follows its head. */
export interface UnsignedRequest {
  readonly method: "GET" | "HEAD";
  readonly url: URL;
}

/** @returns the headers of the request, signed. @throws when no credentials are found */
export type SignRequest = (request: UnsignedRequest) => Promise<Record<string, string>>;

/** What the library hashes with: Node's own. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: Parameters<typeof createHmac>[1] | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined
        ? createHash("sha256")
        : createHmac("sha256", secret as Parameters<typeof createHmac>[1]);
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }

  reset(): void {
    throw new Error("hashes are used once");
  }
}

/**
 * @param region - region of the bucket
 * @returns what signs requests to S3 (AWS Signature Version 4), with the credentials of the SDK's default chain
 */
export function signingFor(region: string): SignRequest {
  const signer = new SignatureV4({
    service: "s3",
    region,
    credentials: defaultProvider(),
    sha256: Sha256,
    // S3 takes keys as they are.
    uriEscapePath: false,
  });
  return async ({ method, url }) => {
    const { headers } = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === "" ? {} : { port: Number(url.port) }),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host },
    });
    return headers;
  };
}
