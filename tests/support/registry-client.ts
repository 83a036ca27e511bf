import { createHash } from "node:crypto";

/** Talks to a registry as a client does: gets itself a token, then does one thing. */
export interface RegistryClient {
  /** Pushes an image without layers, in OCI's form when nothing else is said, and returns its digest. */
  push(repository: string, tag: string, content: string, form?: ImageForm): Promise<string>;
  /** Pushes a blob and returns its digest. */
  pushBlob(repository: string, content: string | Buffer): Promise<string>;
  /** Pushes a manifest as it is, by a tag, or without one by its digest, which it returns. */
  pushManifest(repository: string, manifest: PushedManifest, tag?: string): Promise<string>;
  /** Status and body of a manifest, of an image when nothing else is said. */
  manifest(
    repository: string,
    reference: string,
    accept?: string,
  ): Promise<{ status: number; text: string }>;
  /** A token for a repository, or for nothing in particular. */
  token(scope?: string): Promise<string>;
}

const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

/** Media types of an image's manifest and configuration. */
export interface ImageForm {
  readonly manifest: string;
  readonly config: string;
}

/** A manifest of whatever kind. */
export interface PushedManifest {
  readonly mediaType: string;
}

const OCI: ImageForm = {
  manifest: MANIFEST_TYPE,
  config: "application/vnd.oci.image.config.v1+json",
};
/** The form that every docker knows. */
export const DOCKER_IMAGE: ImageForm = {
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
};

/**
 * @param url - the gateway
 * @param accessToken - whose name to act in, or a password
 * @param user - to whom the password belongs
 * @returns the client
 */
export function registryClient(url: string, accessToken: string, user = "oauth2"): RegistryClient {
  const token = async (scope?: string) => {
    const query = new URLSearchParams({ service: "wharfinger", ...(scope ? { scope } : {}) });
    const basic = Buffer.from(`${user}:${accessToken}`).toString("base64");
    const answer = await fetch(`${url}/token?${query.toString()}`, {
      headers: { authorization: `Basic ${basic}` },
    });
    return ((await wanted(answer, 200).json()) as { token: string }).token;
  };
  const call = async (repository: string, actions: string, path: string, init: RequestInit) => {
    const bearer = await token(`repository:${repository}:${actions}`);
    const headers = { ...(init.headers as object), authorization: `Bearer ${bearer}` };
    return fetch(new URL(path, url), { ...init, headers });
  };
  const pushBlob = async (repository: string, content: string | Buffer): Promise<string> => {
    const start = await call(repository, "pull,push", `/v2/${repository}/blobs/uploads/`, {
      method: "POST",
    });
    const location = new URL(wanted(start, 202).headers.get("location") ?? "", url);
    const digest = digestOf(content);
    location.searchParams.set("digest", digest);
    wanted(
      await call(repository, "pull,push", location.href, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: typeof content === "string" ? content : new Uint8Array(content),
      }),
      201,
    );
    return digest;
  };

  const pushManifest = async (repository: string, manifest: PushedManifest, tag?: string) => {
    const body = JSON.stringify({ schemaVersion: 2, ...manifest });
    const path = `/v2/${repository}/manifests/${tag ?? digestOf(body)}`;
    const headers = { "content-type": manifest.mediaType };
    wanted(await call(repository, "pull,push", path, { method: "PUT", headers, body }), 201);
    return digestOf(body);
  };

  return {
    ...{ token, pushBlob, pushManifest },
    push: async (repository, tag, content, form = OCI) => {
      const config = JSON.stringify({ architecture: "amd64", os: "linux", config: { content } });
      const manifest = {
        mediaType: form.manifest,
        config: {
          mediaType: form.config,
          size: Buffer.byteLength(config),
          digest: await pushBlob(repository, config),
        },
        layers: [],
      };
      return pushManifest(repository, manifest, tag);
    },
    manifest: async (repository, reference, accept = MANIFEST_TYPE) => {
      const path = `/v2/${repository}/manifests/${reference}`;
      const answer = await call(repository, "pull", path, { headers: { accept } });
      return { status: answer.status, text: await answer.text() };
    },
  };
}

/**
 * @param content - of a blob or a manifest
 * @returns its digest
 */
export function digestOf(content: string | Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function wanted(answer: Response, status: number): Response {
  if (answer.status === status) return answer;
  throw new Error(`${answer.url} answered ${answer.status}, wanted ${status}`);
}
