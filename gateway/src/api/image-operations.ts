import { readView } from "#access-policy/read-view.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { diffImages } from "#rest-api/operations/diff.js";
import { inspectImage as inspectOperation } from "#rest-api/operations/inspect.js";
import * as operations from "#rest-api/operations/related-images.js";
import type { ImageName } from "#rest-api/parameters.js";
import { clientGone } from "#service-kit/http/client-gone.js";
import { listBases, listBuiltOn } from "../catalog/base-images.js";
import type { Catalog } from "../catalog/catalog.js";
import { noSuchRepository } from "../catalog/not-known.js";
import { differenceOf, type DifferenceDeps } from "../contents/difference.js";
import { imageOf } from "../contents/image-of.js";
import { inspectImage } from "../contents/inspect-image.js";
import { isVisible } from "../ledger/repositories-in-view.js";
import type { TagResolver } from "../ledger/resolve-tag.js";
import { digestOfTag } from "./digest-of-tag.js";
import { implement, type Asked, type Implementation } from "./implement.js";

/** What comparing images needs. */
export interface ImageOperationsDeps extends DifferenceDeps {
  readonly catalog: Catalog;
  readonly resolver: Pick<TagResolver, "resolve">;
}

/**
 * @param deps - manifests, tags and lists
 * @returns the operations about what images have in common, and what differs
 */
export function imageOperations(deps: ImageOperationsDeps): readonly Implementation[] {
  const { catalog } = deps;
  return [
    implement(operations.listBases, async (asked) => ({
      page: await listBases(catalog, asked.view, await relatedAsked(deps, asked)),
    })),
    implement(operations.listBuiltOn, async (asked) => ({
      page: await listBuiltOn(catalog, asked.view, await relatedAsked(deps, asked)),
    })),
    implement(inspectOperation, async ({ path: { repository }, query, res }) => {
      const digest = await digestOf(deps, repository, query.of);
      const platform = query.platform ?? null;
      const side = { repository, digest };
      return { body: await inspectImage(deps, side, platform, clientGone(res)) };
    }),
    implement(diffImages, async ({ path: { repository }, query, view, res }) => {
      const other = query.other ?? repository;
      if (!isVisible(readView(view).has, other)) throw noSuchRepository();
      const sides = {
        before: { repository, digest: await digestOf(deps, repository, query.before) },
        after: { repository: other, digest: await digestOf(deps, other, query.after) },
      };
      const platform = query.platform ?? null;
      return { body: await differenceOf(deps, sides, platform, clientGone(res)) };
    }),
  ];
}

async function relatedAsked(
  deps: ImageOperationsDeps,
  { path: { repository }, query, page }: Asked<typeof operations.listBases>,
) {
  const digest = await digestOf(deps, repository, query.of);
  const read = (one: Digest) => deps.manifest(repository, one);
  const image = await imageOf(digest, query.platform ?? null, read);
  const layers = image.layers.map((layer) => layer.digest);
  return { layers, limit: page.limit, ...(page.after === null ? {} : { after: page.after }) };
}

async function digestOf(
  { resolver }: ImageOperationsDeps,
  repository: RepositoryName,
  name: ImageName,
): Promise<Digest> {
  return "digest" in name ? name.digest : digestOfTag(resolver, { repository, tag: name.tag });
}
