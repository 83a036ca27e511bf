import { namesSubject } from "#registry-protocol/manifest/references.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { CHANNELS } from "#service-kit/db/channels.js";
import type { Transaction } from "#service-kit/db/pool.js";
import type { Subscriber } from "#service-kit/db/subscribe.js";

/**
 * Whoever keeps lists of referrers in memory asks the ledger before it serves one of that repository again. Of what is pushed under a
 * tag, that the tag was settled tells as much.
 *
 * @param tx - transaction that keeps a manifest
 * @param repository - where it is
 * @param manifest - the manifest; nothing is told of one without a subject
 */
export function tellReferrer(
  tx: Pick<Transaction, "tell">,
  repository: RepositoryName,
  { reading }: Pick<StoredManifest, "reading">,
): void {
  if (namesSubject(reading)) tx.tell(CHANNELS.referrer, repository, repository);
}

/**
 * @param subscriber - connection on which Postgres tells of new referrers
 * @param listener - told of each repository that has one
 */
export function onReferrer(
  subscriber: Pick<Subscriber, "on">,
  listener: (repository: RepositoryName) => void,
): void {
  subscriber.on(CHANNELS.referrer, (told) => {
    const repository = readName(told);
    if (repository !== null) listener(repository);
  });
}

function readName(told: string): RepositoryName | null {
  try {
    return parseRepositoryName(told);
  } catch {
    return null;
  }
}
