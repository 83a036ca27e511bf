import { parseDigest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { CHANNELS } from "#service-kit/db/channels.js";
import type { Subscriber } from "#service-kit/db/subscribe.js";
import type { ManifestAddress } from "./kept-manifests.js";

/**
 * @param subscriber - connection on which Postgres tells of manifests that are deleted
 * @param listener - told of each, when its deletion begins and when it has ended
 */
export function onDeletedManifest(
  subscriber: Pick<Subscriber, "on">,
  listener: (address: ManifestAddress) => void,
): void {
  subscriber.on(CHANNELS.deletedManifest, (told) => {
    const address = readAddress(told);
    if (address !== null) listener(address);
  });
}

function readAddress(told: string): ManifestAddress | null {
  const [name = "", digest = ""] = told.split("@");
  try {
    return { repository: parseRepositoryName(name), digest: parseDigest(digest) };
  } catch {
    return null;
  }
}
