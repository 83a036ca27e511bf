import { z } from "zod";
import type { Client } from "../api/client.js";
import { formatReference, manifestNameOf } from "../api/reference.js";
import { isNotFound, ServerRefusal } from "../exit/faults.js";
import { fetchManifest, pullScope } from "../images/fetch-image.js";
import type { Descriptor } from "../images/manifest.js";
import { shortDigest } from "../output/cells.js";
import { lines } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";

const indexSchema = z.object({
  manifests: z.array(
    z.looseObject({
      ...{ mediaType: z.string(), digest: z.string(), size: z.number() },
      artifactType: z.string().optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

/** What refers to a manifest, and what refers to that. */
interface Referrer {
  readonly digest: string;
  readonly artifactType: string;
  readonly size: number | null;
  /** By which tag it was found, where the registry has no list of referrers. */
  readonly tag?: string;
  readonly referrers: readonly Referrer[];
}

/** Signatures of signatures end somewhere; a circle cannot be made of digests, a long chain can. */
const MOST_DEEP = 8;
/** Tags that cosign 2 makes for a digest. */
const COSIGN = ["sig", "att", "sbom"];

/** `referrers`. */
export const addReferrers: AddCommands = (program, run) => {
  program
    .command("referrers <reference> [artifact] [tag]")
    .summary("signatures, SBOMs and what else refers to it")
    .description(
      "What refers to an image, as a tree: signatures, SBOMs, attestations. From the registry's list of referrers, else from the " +
        "tags that stand for it (sha256-…, and cosign's).",
    )
    .option("--artifact-type <type>", "these alone")
    .addHelpText(
      "after",
      examples("wharf referrers alpha/app:1.0", "wharf referrers alpha/app:1.0 -o json"),
    )
    .action(
      run<{ artifactType?: string }>(async (shell, words, { artifactType }) => {
        const client = await shell.client();
        const reference = shell.reference(words);
        const { repository } = reference;
        const { digest } = await fetchManifest(client, repository, manifestNameOf(reference));
        const found = await referrersOf({ client, repository }, digest, 0);
        const shown = found.filter(
          (one) => artifactType === undefined || one.artifactType === artifactType,
        );
        const head = `${formatReference({ ...reference, digest: null })}@${digest}`;
        const whole = [head, ...tree(shown, "")];
        const isNarrow = whole.some(
          (line) => line.length > (shell.machine.terminal.width ?? Infinity),
        );
        return lines(isNarrow ? whole.map(shortened) : whole, { digest, referrers: shown });
      }),
    );
};

interface Where {
  readonly client: Client;
  readonly repository: string;
}

async function referrersOf(
  where: Where,
  digest: string,
  deep: number,
): Promise<readonly Referrer[]> {
  if (deep >= MOST_DEEP) return [];
  const listed = (await listOf(where, digest)) ?? (await fallbackOf(where, digest));
  const tagged = deep === 0 ? await cosignTags(where, digest) : [];
  const known = new Set(listed.map((one) => one.digest));
  return Promise.all(
    [...listed, ...tagged.filter((one) => !known.has(one.digest))].map(async (one) => ({
      ...one,
      referrers: await referrersOf(where, one.digest, deep + 1),
    })),
  );
}

type Flat = Omit<Referrer, "referrers">;

/** `null`: the registry has no such list. */
async function listOf({ client, repository }: Where, digest: string): Promise<Flat[] | null> {
  const flat: Flat[] = [];
  let target: string | null = `/v2/${repository}/referrers/${digest}`;
  while (target !== null) {
    const answer: Response | null = await client
      .ask(target, { scope: pullScope(repository) })
      .catch((error: unknown) => {
        // Whether there is none of them or no such endpoint: tags are looked at then.
        if (error instanceof ServerRefusal && error.status === 404) return null;
        throw error;
      });
    if (answer === null) return null;
    flat.push(...indexSchema.parse(await answer.json()).manifests.map(flatOf));
    target = nextOf(answer, client.url);
  }
  return flat;
}

async function fallbackOf({ client, repository }: Where, digest: string): Promise<Flat[]> {
  const tag = digest.replace(":", "-");
  const index = await orNull(fetchManifest(client, repository, tag));
  return (index?.manifest.manifests ?? []).map((entry) => ({ ...flatOf(entry), tag }));
}

async function cosignTags({ client, repository }: Where, digest: string): Promise<Flat[]> {
  const found = await Promise.all(
    COSIGN.map(async (kind) => {
      const tag = `${digest.replace(":", "-")}.${kind}`;
      const fetched = await orNull(fetchManifest(client, repository, tag));
      if (fetched === null) return [];
      const size = fetched.bytes.length;
      return [{ digest: fetched.digest, artifactType: `cosign ${kind}`, size, tag }];
    }),
  );
  return found.flat();
}

async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  return asked.catch((error: unknown) => {
    if (isNotFound(error)) return null;
    throw error;
  });
}

function flatOf({ digest, artifactType, mediaType, size }: Descriptor): Flat {
  return { digest, artifactType: artifactType ?? mediaType, size };
}

/** `Link` may name the same registry alone, or a token would go elsewhere. */
function nextOf(answer: Response, url: string): string | null {
  const link = /<([^>]+)>\s*;\s*rel="?next"?/i.exec(answer.headers.get("link") ?? "")?.[1];
  if (link === undefined) return null;
  const next = new URL(link, answer.url);
  return next.origin === new URL(url).origin ? `${next.pathname}${next.search}` : null;
}

function shortened(line: string): string {
  return line.replace(/sha(?:256|512):[0-9a-f]+/g, shortDigest);
}

function tree(referrers: readonly Referrer[], indent: string): string[] {
  return referrers.flatMap((one, i) => {
    const isLast = i === referrers.length - 1;
    const by = one.tag === undefined ? "" : " (by tag)";
    return [
      `${indent}${isLast ? "└─" : "├─"} ${one.artifactType} ${one.digest}${by}`,
      ...tree(one.referrers, `${indent}${isLast ? "   " : "│  "}`),
    ];
  });
}
