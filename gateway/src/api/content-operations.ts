import type { ServerResponse } from "node:http";
import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { contentsOfDigest, contentsOfTag } from "#rest-api/operations/contents.js";
import { clientGone } from "#service-kit/http/client-gone.js";
import type { Turns } from "#service-kit/turns.js";
import { imageOf, type ChosenImage } from "../contents/image-of.js";
import { CONTENTS_LIMITS, listContents } from "../contents/list-contents.js";
import type { TagResolver } from "../ledger/resolve-tag.js";
import type { ImageReader } from "../scm/find-source.js";
import { digestOfTag } from "./digest-of-tag.js";
import { implement, type Asked, type Implementation } from "./implement.js";
import { written } from "./written.js";

/** What listing files of images needs. */
export interface ContentOperationsDeps {
  readonly resolver: Pick<TagResolver, "resolve">;
  /** @returns a manifest that stands, `null` when there is none */
  readonly manifest: (
    repository: RepositoryName,
    digest: Digest,
  ) => Promise<StandingManifest | null>;
  readonly reader: Pick<ImageReader, "blob">;
  /** Unpacking takes a processor: a few at once. */
  readonly turns: Turns;
}

type AskedContents = Asked<typeof contentsOfDigest> | Asked<typeof contentsOfTag>;

/**
 * @param deps - manifests and layers
 * @returns the operations about what is in images
 */
export function contentOperations(deps: ContentOperationsDeps): readonly Implementation[] {
  return [
    implement(contentsOfTag, async (asked) => {
      return contents(deps, asked, await digestOfTag(deps.resolver, asked.path));
    }),
    implement(contentsOfDigest, (asked) => contents(deps, asked, asked.path.digest)),
  ];
}

async function contents(
  deps: ContentOperationsDeps,
  { path: { repository }, query, actor, req, res }: AskedContents,
  digest: Digest,
): Promise<"sent"> {
  const gone = clientGone(res);
  const caller = actor.uid === "" ? actor.address : `${actor.realm}/${actor.uid}`;
  const leave = await deps.turns.take(caller, gone);
  try {
    const image = await imageOf(digest, query.platform ?? null, (one) =>
      deps.manifest(repository, one),
    );
    const only = query.layer ?? null;
    if (only !== null && only > image.layers.length)
      throw new Fault("REQUEST_INVALID", { message: `layer: it has ${image.layers.length}` });
    begin(res);
    if (req.method === "HEAD") {
      res.end();
      return "sent";
    }
    const write = async (line: object) => {
      if (!(await written(res, `${JSON.stringify(line)}\n`))) gone.throwIfAborted();
    };
    await write(headOf(image));
    const { layers } = image;
    const isMerged = query.view === "merged";
    const task = { repository, layers, only, isMerged, limits: CONTENTS_LIMITS, signal: gone };
    await write(await listContents(deps.reader, task, write));
    res.end();
    return "sent";
  } catch (error) {
    // Whoever has gone is told nothing; an answer that had begun ends without its last line.
    if (!gone.aborted) throw error;
    return "sent";
  } finally {
    leave();
  }
}

function begin(res: ServerResponse): void {
  res.setHeader("Content-Type", "application/x-ndjson");
  res.setHeader("Cache-Control", "no-store");
  res.setHeader("X-Content-Type-Options", "nosniff");
}

function headOf({ digest, platform, layers }: ChosenImage) {
  return {
    ...{ image: digest, platform },
    layers: layers.map((layer) => ({
      ...{ digest: layer.digest, mediaType: layer.mediaType, size: layer.size },
    })),
  };
}
