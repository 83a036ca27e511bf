import { createHash } from "node:crypto";

/** A push of known content. */
export interface KnownPush {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly manifest: string;
  readonly config: string;
}

/** How a push ended as its client saw it; anything that is no answer to it is `unanswered`. */
export type PushEnd = "acknowledged" | "refused" | "unanswered";

/** What a reader of a tag got: its digest, `null` when there is no such tag. */
export type ReadEnd = { readonly digest: string | null } | "unanswered";

/** Of what is pushed, and what readers accept. */
export const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
const PATIENCE_MILLISECONDS = 20_000;

/**
 * @param repository - where to
 * @param tag - under which name
 * @param content - of its configuration
 * @param annotations - of its manifest
 * @returns the push
 */
export function knownPush(
  repository: string,
  tag: string,
  content: string,
  annotations: Readonly<Record<string, string>> = {},
): KnownPush {
  const config = JSON.stringify({ architecture: "amd64", os: "linux", config: { content } });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: { mediaType: CONFIG_TYPE, size: Buffer.byteLength(config), digest: digestOf(config) },
    layers: [],
    annotations,
  });
  return { repository, tag, digest: digestOf(manifest), manifest, config };
}

/**
 * Pushes as a client does: token, configuration, manifest.
 *
 * @param gateway - URL
 * @param push - what
 * @returns how it ended
 */
export async function pushImage(gateway: string, push: KnownPush): Promise<PushEnd> {
  try {
    const token = await tokenFor(gateway, push.repository);
    await uploadConfig(gateway, token, push);
    return await pushManifest(gateway, token, push);
  } catch {
    return "unanswered";
  }
}

/**
 * @param gateway - URL
 * @param token - may push
 * @param push - whose configuration the registry has already
 * @returns how it ended
 */
export async function pushManifest(
  gateway: string,
  token: string,
  { repository, tag, manifest, digest }: KnownPush,
): Promise<PushEnd> {
  try {
    const answer = await call(gateway, `/v2/${repository}/manifests/${tag}`, token, {
      method: "PUT",
      headers: { "Content-Type": MANIFEST_TYPE },
      body: manifest,
    });
    await answer.arrayBuffer();
    if (answer.status === 409) return "refused";
    if (answer.status !== 201) return "unanswered";
    const named = answer.headers.get("docker-content-digest");
    if (named !== digest) throw new Error(`acknowledged ${named ?? "nothing"} for ${digest}`);
    return "acknowledged";
  } catch {
    return "unanswered";
  }
}

/**
 * @param gateway - URL
 * @param token - may push
 * @param push - whose configuration is uploaded
 * @throws Error when that does not succeed
 */
export async function uploadConfig(
  gateway: string,
  token: string,
  { repository, config }: KnownPush,
): Promise<void> {
  const started = await call(gateway, `/v2/${repository}/blobs/uploads/`, token, {
    method: "POST",
  });
  const location = new URL(started.headers.get("location") ?? "", gateway);
  location.searchParams.set("digest", digestOf(config));
  const target = `${location.pathname}${location.search}`;
  const headers = { "Content-Type": "application/octet-stream" };
  const stored = await call(gateway, target, token, { method: "PUT", headers, body: config });
  if (stored.status !== 201) throw new Error(`the blob was answered ${stored.status}`);
}

/**
 * @param gateway - URL
 * @param token - may pull
 * @param tag - what is read
 * @returns what it is for its reader
 */
export async function readTag(
  gateway: string,
  token: string,
  { repository, tag }: Pick<KnownPush, "repository" | "tag">,
): Promise<ReadEnd> {
  try {
    const answer = await call(gateway, `/v2/${repository}/manifests/${tag}`, token, {
      headers: { Accept: MANIFEST_TYPE },
    });
    const body = await answer.text();
    if (answer.status === 404) return { digest: null };
    return answer.status === 200 ? { digest: digestOf(body) } : "unanswered";
  } catch {
    return "unanswered";
  }
}

/**
 * @param gateway - URL
 * @param repositories - what it is for
 * @returns a token of alice's
 * @throws Error when there is none
 */
export async function tokenFor(gateway: string, ...repositories: string[]): Promise<string> {
  const query = new URLSearchParams({ service: "wharfinger" });
  for (const name of repositories) query.append("scope", `repository:${name}:pull,push`);
  const basic = Buffer.from("oauth2:alice-token").toString("base64");
  const answer = await fetch(`${gateway}/token?${query.toString()}`, {
    headers: { Authorization: `Basic ${basic}` },
    signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
  });
  if (answer.status !== 200) throw new Error(`the token was answered ${answer.status}`);
  return ((await answer.json()) as { token: string }).token;
}

function call(
  gateway: string,
  target: string,
  token: string,
  init: { method?: string; headers?: Record<string, string>; body?: string },
): Promise<Response> {
  return fetch(new URL(target, gateway), {
    ...init,
    headers: { ...init.headers, Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
  });
}

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
