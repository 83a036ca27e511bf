import { isAscii } from "node:buffer";
import { digestOf } from "#registry-protocol/digest.js";
import { isUnavailable } from "#registry-protocol/faults.js";
import type { KeptManifest, ManifestAddress } from "../ledger/kept-manifests.js";
import type { Upstream } from "../upstream/upstream.js";

/** What the registry is asked for. */
export type CalledReads = Pick<Upstream, "sha256OfBlob" | "getManifest">;

/**
 * A manifest that was pushed by another digest than sha256 stands at the registry as a blob under that name, and as a manifest by its
 * sha256. So pulls of it go on while the ledger is away, where the registry gives blobs out itself: those that it redirects it does
 * not name.
 *
 * @param registry - is asked
 * @param address - the manifest, by another digest than sha256
 * @param cause - why the ledger cannot be asked
 * @returns it
 * @throws `cause` when it is about something else, or the registry cannot tell
 */
export async function calledOtherwise(
  registry: CalledReads,
  { repository, digest }: ManifestAddress,
  cause: unknown,
): Promise<KeptManifest> {
  if (!isUnavailable(cause)) throw cause;
  const cannotTell = () => null;
  const stored = await registry.sha256OfBlob(repository, digest).catch(cannotTell);
  const found =
    stored === null ? null : await registry.getManifest(repository, stored).catch(cannotTell);
  if (found === null || digestOf(found.content, digest) !== digest) throw cause;
  const { mediaType, content } = found;
  return { digest, mediaType, content, text: isAscii(content) ? content.toString("latin1") : null };
}
