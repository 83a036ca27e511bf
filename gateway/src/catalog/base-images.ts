import type { View } from "#access-policy/view.js";
import type { Catalog } from "./catalog.js";
import { lookThrough } from "./look-through.js";
import type { Page } from "./page.js";
import {
  layerNames,
  readBases,
  readBuiltOn,
  readTagsOfImages,
  type ImagePlace,
  type LayeredImage,
} from "./sql/base-images.js";

/** An image that has lower layers in common with another. */
export interface RelatedImage {
  readonly repository: string;
  readonly digest: string;
  /** How many it has. */
  readonly layers: number;
  /** Tags that mean it, or an index that it is in; the first of them. */
  readonly tags: readonly string[];
}

/** Which of them. */
export interface RelatedAsked {
  /** Digests of an image's layers, the lowest first. */
  readonly layers: readonly string[];
  readonly after?: ImagePlace;
  readonly limit: number;
}

const NONE = { items: [], next: null };

/**
 * A page may be short, and not the last one, where the caller may know of few of them.
 *
 * @param catalog - what lists are read from
 * @param view - what the caller may pull: images elsewhere are not found
 * @param asked - layers of an image, and which part of the list
 * @returns images on which it is built: whose layers are its lowest ones, those with most first
 */
export async function listBases(
  catalog: Pick<Catalog, "db" | "shown">,
  view: View,
  asked: RelatedAsked,
): Promise<Page<RelatedImage, ImagePlace>> {
  const { db } = catalog;
  const parts = (await layerNames(db, asked.layers))?.slice(0, -1) ?? [];
  if (parts.length === 0) return NONE;
  const read = (after: ImagePlace | null, limit: number) => readBases(db, parts, after, limit);
  return visible(catalog, view, asked, read);
}

/**
 * A page may be short, and not the last one, where the caller may know of few of them.
 *
 * @param catalog - what lists are read from
 * @param view - what the caller may pull: images elsewhere are not found
 * @param asked - layers of an image, and which part of the list
 * @returns images that are built on it: whose lowest layers are its layers, and that have more, the newest first
 */
export async function listBuiltOn(
  catalog: Pick<Catalog, "db" | "shown">,
  view: View,
  asked: RelatedAsked,
): Promise<Page<RelatedImage, ImagePlace>> {
  const { db } = catalog;
  const whole = (await layerNames(db, asked.layers))?.at(-1);
  if (whole === undefined) return NONE;
  const read = (after: ImagePlace | null, limit: number) => readBuiltOn(db, whole, after, limit);
  return visible(catalog, view, asked, read);
}

const MOST_TAGS = 10;

async function visible(
  { db, shown }: Pick<Catalog, "db" | "shown">,
  view: View,
  asked: Omit<RelatedAsked, "layers">,
  read: (after: ImagePlace | null, limit: number) => Promise<readonly LayeredImage[]>,
): Promise<Page<RelatedImage, ImagePlace>> {
  const { has } = await shown(view);
  const isShown = ({ repository, stands }: LayeredImage) => stands && has(repository);
  const { items, next } = await lookThrough({ read, isShown, placeOf }, asked);
  const tags = items.length === 0 ? [] : await readTagsOfImages(db, items, MOST_TAGS);
  return {
    items: items.map(({ repository, digest, layers }, i) => ({
      ...{ repository, digest, layers, tags: tags[i] ?? [] },
    })),
    next,
  };
}

function placeOf({ layers, id }: ImagePlace): ImagePlace {
  return { layers, id };
}
