import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { ManifestBytes, StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { fetchAgain } from "#service-kit/http/fetch-again.js";
import { readStored } from "../upstream/read-stored.js";
import type { UpstreamAuthorization } from "../upstream/upstream-token.js";
import type { ImageReader } from "./find-source.js";

/** What reading images needs. */
export interface RegistryReaderDeps {
  /** @returns a manifest that the ledger keeps, `null` when it keeps none. @throws when that cannot be told */
  readonly keptManifest: (
    repository: RepositoryName,
    digest: Digest,
  ) => Promise<ManifestBytes | null>;
  readonly registryUrl: string;
  readonly authorization: UpstreamAuthorization;
  /** @returns a manifest of the registry, `null` when it has none. @throws when that cannot be told */
  readonly upstreamManifest: (
    key: { readonly repository: RepositoryName },
    digest: Digest,
  ) => Promise<StoredManifest | null>;
}

/**
 * @param deps - ledger and registry
 * @returns what reads manifests from the ledger, else from the registry, and blobs from the registry
 */
export function registryReader(deps: RegistryReaderDeps): ImageReader {
  return {
    manifest: async (repository, digest) => {
      const stored = await deps.keptManifest(repository, digest);
      if (stored !== null) return (await readStored(stored)).reading;
      return (await deps.upstreamManifest({ repository }, digest))?.reading ?? null;
    },
    blob: async (repository, digest, signal) => {
      const access = [{ type: "repository", name: repository, actions: ["pull" as const] }];
      const headers = {
        Authorization: deps.authorization("", access),
        "Accept-Encoding": "identity",
      };
      // A redirect leads to the storage; fetch takes the header back where the origin is another one.
      const answer = await fetchAgain(`${deps.registryUrl}/v2/${repository}/blobs/${digest}`, {
        headers,
        signal,
      });
      if (answer.status === 200 && answer.body !== null) return answer.body;
      await answer.body?.cancel();
      if (answer.status === 404) return null;
      throw new Error(`the registry answered ${answer.status} when asked for a blob`);
    },
  };
}
