import { parseTag } from "#registry-protocol/tag.js";
import type { Subscriber } from "#service-kit/db/subscribe.js";
import { LATEST } from "#tag-policy/tag-policy.js";
import { onDeletedManifest } from "../ledger/deleted-manifests.js";
import type { KeptManifests } from "../ledger/kept-manifests.js";
import type { RememberedLists } from "../ledger/remembered-lists.js";
import type { RememberedTags } from "../ledger/remembered-tags.js";
import type { TagResolver } from "../ledger/resolve-tag.js";
import { onReferrer } from "../ledger/told-referrers.js";
import type { SettledTags } from "../ledger/settled-tags.js";

/**
 * Has all that is remembered hear what any gateway tells.
 *
 * @param heard - where it is told
 * @param memory - tags, lists of them and of referrers, and manifests
 */
export function followTold(
  heard: Pick<Subscriber, "on" | "lost">,
  memory: {
    readonly settled: Pick<SettledTags, "follow">;
    readonly resolver: Pick<TagResolver, "settled">;
    readonly remembered: Pick<RememberedTags, "missed">;
    readonly kept: Pick<KeptManifests, "forget" | "missed">;
    readonly lists: Pick<RememberedLists, "told" | "missed">;
    readonly referrers: Pick<RememberedLists, "told" | "missed">;
  },
): void {
  const { settled, resolver, remembered, kept, lists, referrers } = memory;
  settled.follow((key, notice) => {
    lists.told(key.repository);
    referrers.told(key.repository);
    void resolver.settled(key, notice);
  });
  onDeletedManifest(heard, (address) => {
    kept.forget(address);
    referrers.told(address.repository);
    // Virtual `latest` may have meant it without a tag.
    const latest = { repository: address.repository, tag: parseTag(LATEST) };
    void resolver.settled(latest, { kind: "unsure" });
  });
  onReferrer(heard, (repository) => {
    referrers.told(repository);
  });
  heard.lost(() => {
    remembered.missed();
    kept.missed();
    lists.missed();
    referrers.missed();
  });
}
