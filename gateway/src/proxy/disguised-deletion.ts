import { Fault } from "#registry-protocol/faults.js";
import {
  dummyForm,
  isDummyConfiguration,
  isDummyTag,
  type DummyForm,
} from "#registry-protocol/manifest/dummy-manifest.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import type { Database } from "#service-kit/db/pool.js";
import { inSlices } from "#service-kit/in-slices.js";
import type { Deletion } from "../deletion/deletion.js";
import type { TagPush } from "../ledger/push.js";
import { readTagsMeaning } from "../ledger/sql/tags-of-manifest.js";
import type { ImageReader } from "../scm/find-source.js";
import { readSmallBlob } from "../scm/read-small.js";
import { mayPush } from "./access.js";
import type { ExchangeOf } from "./exchange.js";
import { requireDelete, type CallerDeps } from "./identify-caller.js";

/** What telling a deletion from a push needs. */
export interface DisguisedDeletionDeps {
  readonly db: Database;
  readonly reader: Pick<ImageReader, "blob">;
  readonly deletion: Pick<Deletion, "mayDelete">;
  readonly allowDelete: boolean;
  readonly callers: Pick<CallerDeps, "publicUrl" | "service">;
}

/** What is pushed under a tag. */
type Pushed = Pick<TagPush, "repository" | "tag" | "digest" | "actor"> & {
  readonly manifest: { readonly reading: Manifest };
};

/** Of the registry, for a configuration of a kilobyte. */
const PATIENCE_MILLISECONDS = 10_000;
const MOST_CONFIGURATION_BYTES = 1_024;
/** A registry of others may have been filled with dummies; the first ones tell as much as all of them. */
const MOST_TAGS = 1_000;

/**
 * Some clients, refused the deletion of a tag, push an image of nothing in its place, to delete that one. Such a push is
 * the deletion, and is refused as that is. Whoever may delete the tag loses nothing by it.
 *
 * @param deps - what is known of tags and callers, and the registry
 * @param exchange - the push
 * @param push - what is pushed
 * @returns the fault that a DELETE of the tag would have met; `null` when it would have met none, when there is nothing to
 *   delete, and when the push is one as any other
 * @throws Fault UNAUTHORIZED, as for a DELETE, where another token would help, UNAVAILABLE when it could not be decided
 */
export async function disguisedDeletion(
  deps: DisguisedDeletionDeps,
  exchange: ExchangeOf<"manifest.put-by-tag">,
  push: Pushed,
): Promise<Fault | null> {
  const form = dummyForm(push.manifest.reading, push.digest);
  if (form === null || !(await isDummy(deps, push, form))) return null;
  const { repository, tag, actor } = push;
  const found = isDummyTag(tag)
    ? "may"
    : await deps.deletion.mayDelete({
        ...{ repository, tag, actor },
        seesUsers: mayPush(exchange.caller, repository),
      });
  if (found === "absent") return null;
  const denied = deniedTo(deps, exchange);
  if (denied !== null) return denied;
  if (!deps.allowDelete) return new Fault("DELETE_DISABLED");
  return found === "may" ? null : found;
}

async function isDummy(
  { db, reader }: DisguisedDeletionDeps,
  { repository, tag, digest, manifest: { reading } }: Pushed,
  form: DummyForm,
): Promise<boolean> {
  if (form === "certain") return true;
  if (form === "first-tag")
    return (
      isDummyTag(tag) ||
      (await readTagsMeaning(db, { repository, digest }, MOST_TAGS)).some(isDummyTag)
    );
  if (reading.kind !== "image") return false;
  const { config } = reading;
  const content = await configuration(reader, { repository, digest: config.digest });
  return content !== null && inSlices(isDummyConfiguration(content, tag));
}

/** @returns `null` when the registry does not have it, which it says to the manifest, too, or when it is not small */
async function configuration(
  reader: DisguisedDeletionDeps["reader"],
  address: Pick<Pushed, "repository" | "digest">,
): Promise<Buffer | null> {
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  try {
    return await readSmallBlob(reader, address, MOST_CONFIGURATION_BYTES, signal);
  } catch (cause) {
    throw new Fault("UNAVAILABLE", {
      message: "the registry cannot be asked for the configuration; push again",
      cause,
    });
  }
}

function deniedTo(
  { callers }: DisguisedDeletionDeps,
  { req, caller, request }: ExchangeOf<"manifest.put-by-tag">,
): Fault | null {
  try {
    requireDelete(callers, req, caller, request.repository);
    return null;
  } catch (error) {
    if (error instanceof Fault && error.code === "DENIED") return error;
    throw error;
  }
}
