import type { Queryable } from "#service-kit/db/pool.js";

/** Where an image stands among those that have lower layers in common with another. */
export interface ImagePlace {
  /** How many it has. */
  readonly layers: number;
  /** In the order in which images became known. */
  readonly id: number;
}

/** An image with layers. */
export interface LayeredImage extends ImagePlace {
  readonly repository: string;
  readonly digest: string;
  /** Whether it was not deleted. */
  readonly stands: boolean;
}

/**
 * @param db - pool
 * @param layers - digests of an image's layers, the lowest first
 * @returns names of the parts from the lowest layer on, the last one that of all; `null`: too many to be known by
 */
export async function layerNames(
  db: Queryable,
  layers: readonly string[],
): Promise<readonly string[] | null> {
  const manifest = { config: {}, layers: layers.map((digest) => ({ digest })) };
  const { rows } = await db.query<{ names: string[] | null }>(
    "select ledger.layer_names($1::jsonb)::text[] as names",
    [JSON.stringify(manifest)],
  );
  return rows[0]?.names ?? null;
}

const SHOWN = `image.id::float8 as id, image.repository, image.digest, image.layers,
  exists (select from ledger.manifest where manifest.repository = image.repository
    and manifest.digest = image.digest and manifest.deleted_at is null) as stands`;

/**
 * @param db - pool
 * @param parts - names of an image's parts, without that of all its layers
 * @param after - the one that they follow; `null`: the first
 * @param limit - as many at most
 * @returns images whose layers are its lowest ones: those with most first, the newest of them first
 */
export async function readBases(
  db: Queryable,
  parts: readonly string[],
  after: ImagePlace | null,
  limit: number,
): Promise<readonly LayeredImage[]> {
  const { rows } = await db.query<LayeredImage>(
    `select ${SHOWN}
     from unnest($1::uuid[]) with ordinality as wanted (part, layers)
       cross join lateral (
         select * from ledger.image_layers as one
         where one.whole = wanted.part and one.id < case when wanted.layers < $2 then 9223372036854775807 else $3::bigint end
         order by one.id desc limit $4) as image
     where wanted.layers <= $2 order by wanted.layers desc, image.id desc limit $4`,
    [parts, after?.layers ?? parts.length + 1, after?.id ?? 0, limit],
  );
  return rows;
}

/**
 * @param db - pool
 * @param whole - name of all layers of an image
 * @param after - the one that they follow; `null`: the first
 * @param limit - as many at most
 * @returns images whose lowest layers are those, and that have more: the newest first
 */
export async function readBuiltOn(
  db: Queryable,
  whole: string,
  after: ImagePlace | null,
  limit: number,
): Promise<readonly LayeredImage[]> {
  const { rows } = await db.query<LayeredImage>(
    `select ${SHOWN}
     from (select part.image from ledger.image_part as part
           where part.part = $1::uuid and part.image < coalesce($2::bigint, 9223372036854775807)
           order by part.image desc limit $3) as known
       cross join lateral (select * from ledger.image_layers where id = known.image limit 1) as image
     order by image.id desc`,
    [whole, after?.id ?? null, limit],
  );
  return rows;
}

/**
 * @param db - pool
 * @param images - some images
 * @param most - as many tags of each at most
 * @returns of each the tags that mean it, or an index that it is in, by name
 */
export async function readTagsOfImages(
  db: Queryable,
  images: readonly Pick<LayeredImage, "repository" | "digest">[],
  most: number,
): Promise<readonly (readonly string[])[]> {
  const { rows } = await db.query<{ tags: string[] }>(
    `select array(
       select name from (
         select tag.name from ledger.tag
         where tag.digest = wanted.digest and tag.repository = wanted.repository and tag.deleted_at is null
         union
         select tag.name from ledger.manifest_link as link
           join ledger.tag on tag.digest = link.digest and tag.repository = link.repository and tag.deleted_at is null
         where link.children @> array[ledger.digest_bytes(wanted.digest)] and link.repository = wanted.repository
       ) as named order by name limit $3) as tags
     from unnest($1::text[], $2::text[]) with ordinality as wanted (repository, digest, place)
     order by wanted.place`,
    [images.map(({ repository }) => repository), images.map(({ digest }) => digest), most],
  );
  return rows.map(({ tags }) => tags);
}
