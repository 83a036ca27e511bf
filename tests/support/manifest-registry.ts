import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { wholeBody, type UpstreamHandler } from "./upstream-double.js";

/** The manifests of a registry, in memory. */
export interface ManifestRegistry {
  /** What each tag means, `repository:tag` to digest. */
  readonly tags: Map<string, Digest>;
  /** Manifests by `repository@digest`. */
  readonly manifests: Map<string, { readonly mediaType: string; readonly content: Buffer }>;
  /** Blobs by their digests, in every repository. */
  readonly blobs: Map<string, Uint8Array>;
  /** Takes and gives manifests, and gives blobs, as a registry does. */
  readonly handler: UpstreamHandler;
  /** Somebody else writes a tag, past every gateway. */
  write(repository: string, tag: string, content: string, mediaType?: string): Digest;
}

/** @returns an empty one */
export function manifestRegistry(): ManifestRegistry {
  const tags: ManifestRegistry["tags"] = new Map();
  const manifests: ManifestRegistry["manifests"] = new Map();
  const blobs: ManifestRegistry["blobs"] = new Map();
  const store = (repository: string, reference: string, mediaType: string, content: Buffer) => {
    const digest = digestOf(content);
    manifests.set(`${repository}@${digest}`, { mediaType, content });
    if (!reference.includes(":")) tags.set(`${repository}:${reference}`, digest);
    return digest;
  };
  return {
    tags,
    manifests,
    blobs,
    write: (repository, tag, content, mediaType = "application/vnd.oci.image.manifest.v1+json") =>
      store(repository, tag, mediaType, Buffer.from(content)),
    handler: async (req, res, seen) => {
      const content = await wholeBody(req, seen);
      const [, repository = "", reference = ""] =
        /^\/v2\/(.+)\/manifests\/([^/?]+)$/.exec(req.url ?? "") ?? [];
      if (content === null) return;
      const blob = blobs.get(/\/blobs\/([^/?]+)$/.exec(req.url ?? "")?.[1] ?? "");
      if (req.method === "GET" && blob !== undefined) {
        res.writeHead(200, { "Content-Length": blob.length }).end(blob);
        return;
      }
      if (req.method === "PUT") {
        const type = req.headers["content-type"] ?? "";
        const digest = store(repository, reference, type, content);
        const location = `/v2/${repository}/manifests/${digest}`;
        res.writeHead(201, { Location: location, "Docker-Content-Digest": digest }).end();
        return;
      }
      const digest = reference.includes(":") ? reference : tags.get(`${repository}:${reference}`);
      const found = manifests.get(`${repository}@${digest ?? ""}`);
      if (found === undefined) {
        res.writeHead(404).end();
        return;
      }
      const headers = {
        "Content-Type": found.mediaType,
        "Content-Length": found.content.length,
        "Docker-Content-Digest": digest,
      };
      res.writeHead(200, headers).end(req.method === "HEAD" ? undefined : found.content);
    },
  };
}
