import { digestOf } from "#registry-protocol/digest.js";
import { ask, type Answer } from "./http-client.js";

/** Type of the manifests below. */
export const SMALL_TYPE = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = Buffer.from("{}");
const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";

/**
 * @param name - by which it differs from others
 * @returns a manifest without layers, whose configuration is `{}`
 */
export function smallManifest(name: string): string {
  const config = { mediaType: CONFIG_TYPE, size: CONFIG.length, digest: digestOf(CONFIG) };
  const annotations = { name };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: SMALL_TYPE,
    config,
    layers: [],
    annotations,
  });
}

/** A repository behind a gateway, and what may be done there. */
export interface ReachedRepository {
  /** URL of the gateway. */
  readonly url: string;
  /** As it is written in paths. */
  readonly name: string;
  /** `Authorization` that lets push. */
  readonly bearer: string;
}

/**
 * @param repository - where to
 * @param tag - as it is written in a path
 * @returns the answer to the push of {@link smallManifest} of that name
 * @throws when its configuration is not taken
 */
export async function pushSmall(repository: ReachedRepository, tag: string): Promise<Answer> {
  const { url, name, bearer } = repository;
  const headers = { Authorization: bearer, "Content-Type": "application/octet-stream" };
  const started = await ask(url, `/v2/${name}/blobs/uploads/`, { method: "POST", headers });
  const location = new URL(String(started.headers.location), url);
  location.searchParams.set("digest", digestOf(CONFIG));
  const target = `${location.pathname}${location.search}`;
  const stored = await ask(url, target, { method: "PUT", headers, body: CONFIG });
  if (stored.status !== 201) throw new Error(`the configuration was answered ${stored.status}`);
  return ask(url, `/v2/${name}/manifests/${tag}`, {
    method: "PUT",
    headers: { ...headers, "Content-Type": SMALL_TYPE },
    body: smallManifest(tag),
  });
}
