import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { OciLayout } from "../oci-layout.js";
import { registryClient } from "../registry-client.js";

/** Who asks whom. */
export interface Asker {
  /** The gateway. */
  readonly url: string;
  readonly accessToken: string;
}

/**
 * Asks as a client does, who goes where he is sent.
 *
 * @param asker - who asks whom
 * @param scope - of the token that it takes
 * @param path - below `/v2/`
 * @param init - method and headers
 * @returns the answer, of whoever it is
 */
export async function askAs(
  { url, accessToken }: Asker,
  scope: string,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const bearer = await registryClient(url, accessToken).token(scope);
  const headers = { ...(init.headers as object), Authorization: `Bearer ${bearer}` };
  return fetch(`${url}/v2/${path}`, { ...init, headers });
}

/**
 * Uploads a blob of an image without its manifest.
 *
 * @param asker - who uploads where
 * @param repository - to which
 * @param layout - the image
 * @param digest - the blob
 * @returns status of the answer
 */
export async function uploadBlob(
  asker: Asker,
  repository: string,
  { path }: OciLayout,
  digest: string,
): Promise<number> {
  const scope = `repository:${repository}:pull,push`;
  const begun = await askAs(asker, scope, `${repository}/blobs/uploads/`, { method: "POST" });
  const target = new URL(begun.headers.get("location") ?? "", asker.url);
  target.searchParams.set("digest", digest);
  const body = await readFile(join(path, "blobs", "sha256", digest.slice("sha256:".length)));
  const rest = `${target.pathname}${target.search}`.slice("/v2/".length);
  return (await askAs(asker, scope, rest, { method: "PUT", body })).status;
}
