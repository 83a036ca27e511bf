import { z } from "zod";

/** What a bucket answers to ListObjectsV2 (Amazon S3 API Reference), as far as it is asked for. */
export interface ListPage {
  readonly keys: readonly string[];
  /** How to ask for the next page; `null`: there is none. */
  readonly next: string | null;
}

/** Keys are asked for with `encoding-type=url`; who does not know that escapes them as XML alone, and does not say so. */
const ENCODED = /<EncodingType>\s*url\s*<\/EncodingType>/;
const KEY = /<Key>([^<]*)<\/Key>/g;
const NEXT = /<NextContinuationToken>([^<]*)<\/NextContinuationToken>/;
const TRUNCATED = /<IsTruncated>\s*(true|false)\s*<\/IsTruncated>/;

const pageSchema = z.object({
  isTruncated: z.enum(["true", "false"], "no IsTruncated"),
  next: z.string().min(1).nullable(),
});

/**
 * @param xml - the answer
 * @returns its keys, and how to go on
 * @throws Error when it is no such list, or one that says neither that it ends nor how it goes on
 */
export function parseListPage(xml: string): ListPage {
  const parsed = pageSchema.safeParse({
    isTruncated: TRUNCATED.exec(xml)?.[1],
    next: NEXT.exec(xml)?.[1] ?? null,
  });
  if (!parsed.success || !xml.includes("<ListBucketResult"))
    throw new Error("the bucket's list is no list");
  const { isTruncated, next } = parsed.data;
  const goesOn = isTruncated === "true";
  if (goesOn && next === null) throw new Error("the bucket's list does not say how it goes on");
  const isEncoded = ENCODED.test(xml);
  const keys = [...xml.matchAll(KEY)].map(([, key = ""]) =>
    isEncoded ? decoded(unescaped(key)) : unescaped(key),
  );
  return { keys, next: goesOn ? unescaped(next ?? "") : null };
}

/** Spaces come as `+` from some. */
function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll("+", "%20"));
}

const ENTITIES: readonly (readonly [entity: string, character: string])[] = [
  ["&lt;", "<"],
  ["&gt;", ">"],
  ["&quot;", '"'],
  ["&apos;", "'"],
  ["&#39;", "'"],
  ["&#34;", '"'],
  ["&amp;", "&"],
];

function unescaped(text: string): string {
  return ENTITIES.reduce((all, [entity, character]) => all.replaceAll(entity, character), text);
}
