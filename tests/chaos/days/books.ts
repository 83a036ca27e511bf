import { nameOf, type KnownImage } from "./images.js";
import type { Pushed } from "./transfer.js";

/** What was pushed, and what came of it. */
export interface Books {
  /** Notes that a push has begun: from now on its name may mean that. */
  begin(image: KnownImage): void;
  end(image: KnownImage, pushed: Pushed): void;
  /** @returns what was acknowledged last, by name */
  acknowledged(): KnownImage[];
  /** @returns pushes that have to be made again: nobody has said what became of them */
  open(): KnownImage[];
  /** @returns whether somebody pushed that there, acknowledged or not */
  wasPushed(name: string, digest: string): boolean;
  readonly counts: Record<Pushed["end"], number>;
  /** Names that never change, and were acknowledged with two digests. */
  readonly flipped: string[];
  /** What clients were told in place of an answer, and how often. */
  readonly told: Map<string, number>;
}

/** Tags that may be pushed again with other bytes (tag-policy). */
export function isMutable(name: string): boolean {
  return name.endsWith("-SNAPSHOT");
}

interface Page {
  /** Everything that was ever tried. */
  readonly tried: Map<string, KnownImage>;
  acknowledged: KnownImage | null;
  open: KnownImage[];
}

/** @returns empty books */
export function openBooks(): Books {
  const pages = new Map<string, Page>();
  const pageOf = (image: KnownImage): Page => {
    const name = nameOf(image);
    const page = pages.get(name) ?? {
      ...{ tried: new Map<string, KnownImage>(), acknowledged: null, open: [] },
    };
    pages.set(name, page);
    return page;
  };
  const counts = { acknowledged: 0, refused: 0, unavailable: 0, unanswered: 0 };
  const flipped: string[] = [];
  const told = new Map<string, number>();
  return {
    counts,
    flipped,
    told,
    begin: (image) => {
      pageOf(image).tried.set(image.digest, image);
    },
    end: (image, pushed) => {
      counts[pushed.end] += 1;
      const page = pageOf(image);
      if (pushed.end === "acknowledged") acknowledge(page, image, flipped);
      else if (pushed.end === "refused") close(page, image);
      else {
        const words = wordsOf(pushed.told);
        told.set(words, (told.get(words) ?? 0) + 1);
        if (!page.open.includes(image)) page.open.push(image);
      }
    },
    acknowledged: () => [...pages.values()].flatMap(({ acknowledged }) => acknowledged ?? []),
    open: () => [...pages.values()].flatMap(({ open }) => open),
    wasPushed: (name, digest) => pages.get(name)?.tried.has(digest) ?? false,
  };
}

function acknowledge(page: Page, image: KnownImage, flipped: string[]): void {
  const before = page.acknowledged;
  if (before !== null && before.digest !== image.digest && !isMutable(image.tag))
    flipped.push(`${nameOf(image)}: ${before.digest} and ${image.digest} were acknowledged`);
  page.acknowledged = image;
  // Nobody makes an older push of a name that moves again after a newer one.
  if (isMutable(image.tag)) page.open = [];
  else close(page, image);
}

function close(page: Page, image: KnownImage): void {
  page.open = page.open.filter((one) => one.digest !== image.digest);
}

/** Without what differs each time. */
function wordsOf(told: string): string {
  return told
    .replaceAll(/sha256:[0-9a-f]+/g, "DIGEST")
    .replaceAll(/alpha\/[a-z0-9-]+(:[\w.-]+)?/g, "NAME")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID")
    .replaceAll(/\b\d+ ms\b/g, "N ms")
    .slice(0, 220);
}
